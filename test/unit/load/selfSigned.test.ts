import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { expect, it } from 'vitest';
import { selfSigned } from '../../support/selfSigned.ts';

it('makes certificates that Node reads, whatever their length', () => {
  for (let length = 1; length <= 64; length += 1) {
    const dns = 'x'.repeat(length);
    const identity = selfSigned({ dns });
    const certificate = new X509Certificate(identity.cert);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkHost(dns)).toBe(dns);
    createSecureContext({ ...identity });
  }
});
