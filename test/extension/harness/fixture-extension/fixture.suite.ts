import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('the fixture', () => {
  it('runs in a real extension host with its folder open', async () => {
    assert.equal(vscode.workspace.workspaceFolders?.length, 1);
    const [file] = await vscode.workspace.findFiles('**/*.fixture');
    assert.ok(file);
    await vscode.window.showTextDocument(file);
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', file);
    assert.deepEqual(
      lenses.map((lens) => lens.command?.title),
      ['Draw'],
    );
  });

  it('fails when it is asked to', () => {
    assert.equal(process.env['HARNESS_FIXTURE_FAILS'], undefined);
  });
});
