import { describe, expect, it } from 'vitest';
import { problemOf } from '../../../src/endpoint/firstAnswer.ts';
import type { Answer } from '../../../src/load/askOnce.ts';

const json = { method: 'POST', headers: { 'Content-Type': 'application/json; charset=utf-8' }, bodies: ['{"a": 1}'] };
const answer = (change: { status?: number; type?: string; text?: string; encoding?: string }): Answer => ({
  status: change.status ?? 200,
  headers: {
    ...(change.type === undefined ? {} : { 'content-type': change.type }),
    ...(change.encoding === undefined ? {} : { 'content-encoding': change.encoding }),
  },
  body: Buffer.from(change.text ?? '{"protected": "text"}'),
});
const what = (change: Parameters<typeof answer>[0], sent: Parameters<typeof problemOf>[1] = json): string | undefined =>
  problemOf(answer(change), sent, 'checkout')?.message;

describe('the first answer of an endpoint', () => {
  it.each([
    ['JSON', { type: 'application/json' }],
    ['a kind of JSON', { type: 'application/problem+json; charset=utf-8' }],
    ['JSON under another type', { type: 'text/plain' }],
    ['JSON without a type', {}],
    ['lines of JSON', { type: 'application/x-ndjson', text: '{"a":1}\n{"a":2}\n' }],
    ['JSON that is compressed', { type: 'application/json', encoding: 'gzip', text: 'binary' }],
    ['nothing at all', { status: 204, text: '' }],
  ])('may be %s', (_name, change) => {
    expect(what(change)).toBeUndefined();
  });

  it.each([
    [
      'a page',
      { type: 'text/html; charset=utf-8', text: '<p>protected</p>' },
      '200 OK with a body that is not JSON (text/html)',
    ],
    ['a lie', { type: 'application/json', text: '<p>protected</p>' }, 'is called JSON (application/json) and is not'],
    [
      'a redirect',
      { status: 302, type: 'text/html' },
      'answered 302 Found (text/html) to one POST with JSON of 8 bytes',
    ],
    [
      'an error in JSON',
      { status: 422, type: 'application/json' },
      'answered 422 Unprocessable Entity (application/json)',
    ],
    ['a status of its own', { status: 599 }, 'answered 599 of no known meaning (no media type)'],
    ['a type that says too much', { status: 500, type: 'protected text' }, '500 Internal Server Error (no media type)'],
  ])('is said to be %s, without a word of it', (_name, change, message) => {
    expect(what(change)).toContain(message);
    expect(JSON.stringify(problemOf(answer(change), json, 'checkout'))).not.toContain('protected');
  });

  it.each(['text/event-stream', 'text/*', '*/*', 'application/json, text/event-stream;q=0.5'])(
    'may be another type where the request accepts "%s"',
    (accept) => {
      const stream = { type: 'text/event-stream', text: 'data: {}\n\n' };
      expect(what(stream)).toContain('is not JSON (text/event-stream)');
      expect(what(stream, { ...json, headers: { ...json.headers, accept } })).toBeUndefined();
    },
  );

  it('may be anything where the request was not JSON either, but no error', () => {
    const text = { method: 'PUT', headers: {}, bodies: ['a text'] };
    expect(what({ type: 'text/plain', text: 'fine' }, text)).toBeUndefined();
    expect(what({ text: 'fine' }, { method: 'GET', headers: {}, bodies: [] })).toBeUndefined();
    expect(what({ status: 500 }, text)).toContain('to one PUT with a body of 6 bytes');
    expect(what({ status: 404 }, { method: 'GET', headers: {}, bodies: [] })).toContain('to one GET without a body');
  });

  it.each([
    [301, 'Name the address that it redirects to'],
    [401, '--secret-header'],
    [404, 'Check the path'],
    [405, '--method'],
    [415, 'Content-Type'],
    [400, 'Check the bodies'],
    [503, 'Wait until it takes requests again'],
    [500, 'See its log'],
  ])('says what to do about %i', (status, step) => {
    expect(problemOf(answer({ status }), json, 'endpoint')?.nextStep).toContain(step);
  });
});
