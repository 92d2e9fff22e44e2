import { generateKeyPairSync, sign } from 'node:crypto';

/** A key and a certificate that it signed itself, as PEM; tests trust it by giving it as its own authority. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

/** X.509 version 3 (RFC 5280), P-256 and SHA-256. @param names what it stands for; none makes a certificate for nothing */
export function selfSigned(names: {
  readonly dns?: string;
  readonly ip?: readonly number[];
  readonly expired?: boolean;
}): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectId('2a8648ce3d040302'));
  const subject = sequence(
    element(0x31, sequence(objectId('550403'), element(0x0c, Buffer.from('topology-bench test')))),
  );
  const [from, until] =
    names.expired === true ? ['200101000000Z', '200102000000Z'] : ['200101000000Z', '491231235959Z'];
  const alternatives = [
    ...(names.dns === undefined ? [] : [element(0x82, Buffer.from(names.dns))]),
    ...(names.ip === undefined ? [] : [element(0x87, Buffer.from(names.ip))]),
  ];
  const extension = sequence(objectId('551d11'), element(0x04, sequence(...alternatives)));
  const body = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.from([1])),
    algorithm,
    subject,
    sequence(element(0x17, Buffer.from(from)), element(0x17, Buffer.from(until))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(extension)),
  );
  const signature = element(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]));
  const lines =
    sequence(body, algorithm, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}

/** DER: a tag, the content's length, the content. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function objectId(hex: string): Buffer {
  return element(0x06, Buffer.from(hex, 'hex'));
}
