import { describe, expect, it } from 'vitest';
import { certificateProblem, handshakeProblem } from '../../../src/load/tlsWords.ts';

const error = (message: string, more: object): Error => Object.assign(new Error(message), more);

describe('what is wrong with a certificate', () => {
  it('that no list has is said without the advice that Node gives on its options', () => {
    const text =
      'unsuitable certificate purpose; if the root CA is installed locally, try running Node.js with --use-system-ca';
    expect(certificateProblem(error(text, { code: 'INVALID_PURPOSE' })).why).toBe(
      'unsuitable certificate purpose (INVALID_PURPOSE)',
    );
  });

  it('is said without the names that it bears', () => {
    const text =
      "Hostname/IP does not match certificate's altnames: Host: a.example. is not in the cert's altnames: DNS:b";
    for (const code of ['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_TLS_OTHER'])
      expect(certificateProblem(error(text, { code })).why).not.toMatch(/example|DNS/);
  });
});

describe('a handshake that failed', () => {
  it.each([
    ['wrong version number', 'what answers does not speak TLS (EPROTO)'],
    ['tlsv13 alert certificate required', 'the endpoint refused it (EPROTO)'],
    ['tlsv1 alert protocol version', 'there is no version of TLS that both speak (EPROTO)'],
    ['bad extension', 'bad extension (EPROTO)'],
  ])('is said by the reason in the line of OpenSSL: %s', (reason, why) => {
    const line = `40A7D1:error:0A00010B:SSL routines:tls_validate_record_header:${reason}:../deps/openssl/ssl/record.c:80:\n`;
    expect(handshakeProblem(error(`write EPROTO ${line}`, { code: 'EPROTO' })).why).toBe(why);
    expect(handshakeProblem(error(line, { code: 'EPROTO', reason })).why).toBe(why);
  });

  it('is said of a connection that was closed meanwhile', () => {
    const text = 'Client network socket disconnected before secure TLS connection was established';
    expect(handshakeProblem(error(text, { code: 'ECONNRESET' })).why).toBe(
      'the endpoint closed the connection (ECONNRESET)',
    );
  });
});
