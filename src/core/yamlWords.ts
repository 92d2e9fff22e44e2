import type { ErrorCode } from 'yaml';

/** The mistakes that people make in YAML, with what to do; the parser's own words are of its grammar. */
const words: Partial<Readonly<Record<ErrorCode, string>>> = {
  BAD_ALIAS:
    'a value that begins with "*" stands for one that is marked with "&", and there is none; put it in quotation marks',
  BAD_DQ_ESCAPE: 'a backslash within double quotation marks begins an escape that does not exist; use single ones',
  BAD_INDENT:
    'the indentation does not fit, or a closing bracket is missing: fields of one group begin in the same column, deeper than its name',
  BAD_SCALAR_START: 'no value can begin with this sign; put it in quotation marks',
  BLOCK_AS_IMPLICIT_KEY:
    'there is one "field: value" on a line; a text that has a ": " in it goes into quotation marks',
  BLOCK_IN_FLOW: 'within brackets everything is separated by commas, and "- " begins no entry',
  DUPLICATE_KEY: 'the same field is there twice; leave one out',
  MISSING_CHAR: 'a sign is missing: the closing quotation mark or bracket, a comma, or the space behind a colon',
  MULTILINE_IMPLICIT_KEY: 'behind the name of a field a ":" and a space are missing',
  TAB_AS_INDENT: 'there is a tab at the start of the line; indent with spaces',
  UNEXPECTED_TOKEN: 'there is a sign that nothing of the plan can have here',
};

/** Why a text cannot be read as YAML, at the place of the error; never repeats the text. */
export function yamlText(code: ErrorCode): string {
  return `This is not YAML: ${words[code] ?? 'it cannot be read from here on'}.`;
}
