import tseslint from 'typescript-eslint';

/** What each folder may import; a folder's name says its layer (see ARCHITECTURE.md). */
const outside = {
  vscode: { name: 'vscode', message: 'Only src/extension may import vscode.' },
  toolkit: { name: '@vscode/webview-ui-toolkit', message: 'Only webview/ui.ts may import the toolkit.' },
  kubernetes: { name: '@kubernetes/client-node', message: 'Only src/kubernetes may import the Kubernetes client.' },
  autocannon: { name: 'autocannon', message: 'Only src/load may import autocannon.' },
};
const anyNode = { group: ['node:*'], message: 'This layer is pure: no IO, no clock, no network.' };
const layers = [
  'kubernetes',
  'local',
  'load',
  'endpoint',
  'runs',
  'models',
  'assets',
  'extension',
  'cli',
  'engine',
  'runner',
  'protocol',
  'topologies',
  'processes',
  'hashes',
];

function layer(files, { node, mayImport, except = [] }) {
  const forbidden = layers.filter((name) => !mayImport.includes(name));
  const patterns =
    forbidden.length === 0
      ? []
      : [
          {
            regex: `/(${forbidden.join('|')})/`,
            allowTypeImports: false,
            message: `This layer may import only core and: ${mayImport.join(', ') || 'nothing else'}.`,
          },
        ];
  if (!node) patterns.push(anyNode);
  const paths = Object.entries(outside)
    .filter(([name]) => !except.includes(name))
    .map(([, path]) => path);
  return { files, rules: { '@typescript-eslint/no-restricted-imports': ['error', { paths, patterns }] } };
}

/** Texts of the extension's that nobody could translate: phrases, and whatever stands where users read. */
const unsaid = (() => {
  const message =
    'Say it through vscode.l10n.t. What goes to the log, or completes a sentence of core, stays as it is.';
  const phrase = 'Literal[value=/[A-Za-z]{2}[,;:.)]* \\(?[A-Za-z]{2}/]';
  const phrasePart = 'TemplateElement[value.raw=/(?<!\\$\\([^)]*)[A-Za-z]{2}[,;:.)]* | [A-Za-z]{2}/]';
  const log = 'CallExpression[callee.property.name=/^(trace|debug|info|warn|error)$/]';
  const said = "CallExpression[callee.property.name='t']";
  const unread = [
    `${said} *`,
    `${log} *`,
    "VariableDeclarator[id.name='sampleTexts'] *",
    '[value=/^(Topology Bench|VS Code)$/]',
    // What was being done when it failed: core makes the sentence.
    'CallExpression[callee.name=/^(toBenchError|cancelled|throwIfCancelled)$/] > *',
    'CallExpression[callee.property.name=/^(note|show)$/] > *',
    "CallExpression[callee.name='shownWait'] > :nth-child(2)",
    "Property[key.name='doing'] > *",
    "PropertyDefinition[key.name='reading'] > *",
    // Kinds and states, which code compares.
    "Property[key.name='kind'] > *",
    'TSLiteralType > *',
    'SwitchCase > *',
    'BinaryExpression > *',
  ];
  const shown = [
    'Property[key.name=/^(message|nextStep|title|prompt|place[hH]older|label|description|detail|tooltip|note|whenEmpty)$/]',
    'AssignmentExpression[left.property.name=/^(label|description|tooltip|title|prompt|placeholder|text|name)$/]',
    'CallExpression[callee.property.name=/^(show(Error|Warning|Information)Message|setStatusBarMessage)$/]',
    'NewExpression[callee.property.name=/^(TreeItem|MarkdownString)$/]',
  ];
  const word = 'Literal[value=/[A-Za-z]/]';
  return [
    ...[phrase, phrasePart].map((text) => `${text}:not(${unread.join(', ')})`),
    ...shown.flatMap((place) => [`${place} > ${word}`, `${place} > ConditionalExpression > ${word}`]),
  ].map((selector) => ({ selector, message }));
})();

export default tseslint.config(
  { ignores: ['dist/**', 'out/**', 'node_modules/**', '.vscode-test/**', '**/golden/**', 'src/serving/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/require-await': 'off',
      'no-restricted-globals': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/core/**/*.ts', 'src/topologies/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'setTimeout',
        'setInterval',
        'fetch',
        'process',
        'performance',
        'document',
        'window',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'The core is pure.' },
        { object: 'Date', property: 'now', message: 'The core is pure.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'The core reads no clock.' },
      ],
    },
  },
  {
    files: ['src/load/**/*.ts', 'src/kubernetes/**/*.ts'],
    ignores: ['src/load/wallClock.ts', 'src/kubernetes/serverClock.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Anybody may set it: lengths and waits go by performance.now().' },
      ],
    },
  },
  layer(['src/core/**/*.ts'], { node: false, mayImport: [] }),
  layer(['src/topologies/**/*.ts'], { node: false, mayImport: ['topologies'] }),
  layer(['src/assets/**/*.ts', 'src/runs/**/*.ts', 'src/models/**/*.ts'], {
    node: true,
    mayImport: ['assets', 'runs', 'models', 'hashes'],
  }),
  layer(['src/processes/**/*.ts'], { node: true, mayImport: ['processes'] }),
  layer(['src/hashes/**/*.ts'], { node: true, mayImport: [] }),
  layer(['src/load/**/*.ts'], { node: true, mayImport: ['load'], except: ['autocannon'] }),
  layer(['src/kubernetes/**/*.ts'], {
    node: true,
    mayImport: ['kubernetes', 'topologies', 'assets', 'processes', 'hashes'],
    except: ['kubernetes'],
  }),
  layer(['src/local/**/*.ts'], { node: true, mayImport: ['local', 'topologies', 'assets', 'processes', 'hashes'] }),
  layer(['src/endpoint/**/*.ts'], { node: true, mayImport: ['endpoint', 'load'] }),
  layer(['src/engine/**/*.ts'], {
    node: true,
    mayImport: ['engine', 'local', 'load', 'runs', 'models', 'assets', 'topologies', 'processes', 'hashes'],
  }),
  layer(['src/runner/**/*.ts'], { node: true, mayImport: ['runner', 'engine', 'kubernetes', 'runs'] }),
  layer(['src/protocol/**/*.ts'], { node: false, mayImport: ['protocol'] }),
  layer(['src/cli/**/*.ts'], {
    node: true,
    mayImport: [
      'cli',
      'kubernetes',
      'local',
      'load',
      'endpoint',
      'runs',
      'models',
      'assets',
      'topologies',
      'engine',
      'hashes',
    ],
  }),
  {
    files: ['src/extension/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [outside.toolkit, outside.kubernetes, outside.autocannon],
          patterns: [
            {
              regex: '/(kubernetes|local|load|endpoint|runs|models|engine|runner|assets|topologies|processes|cli)/',
              allowTypeImports: true,
              message: 'Activation must stay small: import types only, and load the bundle by extension/engine.ts.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/extension/**/*.ts'],
    // Command titles stand in package.nls.json, and a page's text is made by webview/.
    ignores: ['src/extension/contributions.ts', 'src/extension/pageHtml.ts'],
    rules: { 'no-restricted-syntax': ['error', ...unsaid] },
  },
  layer(['webview/**/*.ts'], { node: false, mayImport: ['protocol'] }),
  { files: ['webview/ui.ts'], rules: { '@typescript-eslint/no-restricted-imports': 'off' } },
  { files: ['src/cli/**/*.ts', 'src/load/worker.ts', 'test/**/*.ts', '.ci/*.ts'], rules: { 'no-console': 'off' } },
);
