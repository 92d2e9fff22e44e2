/** What is wrong with TLS in words of ours: Node's own speak of its options and of the lines of OpenSSL. */
export interface TlsProblem {
  /** A clause, without a name that a certificate bears: that is a server's address. */
  readonly why: string;
  /** A whole sentence. */
  readonly nextStep: string;
}

type NodeError = NodeJS.ErrnoException & { readonly reason?: unknown };

const skip = 'skip verification with --insecure if you trust the network';
const giveAuthority = `Give the authority that signed it with --ca FILE, or ${skip}.`;

const certificates: Readonly<Record<string, TlsProblem>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: { why: 'it is signed by itself', nextStep: `Give it with --ca FILE, or ${skip}.` },
  SELF_SIGNED_CERT_IN_CHAIN: {
    why: 'the authority at the end of its chain is not among those that are trusted',
    nextStep: giveAuthority,
  },
  UNABLE_TO_GET_ISSUER_CERT: { why: 'the authority that signed it is not known', nextStep: giveAuthority },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { why: 'the authority that signed it is not known', nextStep: giveAuthority },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    why: 'the authority that signed it is not known, or the server does not send the certificates between',
    nextStep: giveAuthority,
  },
  CERT_HAS_EXPIRED: { why: 'it has expired', nextStep: `Renew it, look at this machine's clock, or ${skip}.` },
  CERT_NOT_YET_VALID: { why: 'it is not valid yet', nextStep: `Look at this machine's clock, or ${skip}.` },
  CERT_REVOKED: { why: 'it was revoked', nextStep: `Replace it, or ${skip}.` },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    why: 'it is for another name than the one in the address',
    nextStep: `Take a name that it is for, or ${skip}.`,
  },
};

/** Of a certificate that did not verify. */
export function certificateProblem({ code = '', message }: NodeError): TlsProblem {
  const known = certificates[code] ?? { why: withoutAdvice(message), nextStep: giveAuthority };
  return { ...known, why: withCode(known.why, code) };
}

const speaksHttps = 'Check that the port speaks https.';

/** By OpenSSL's own short reasons, which its message ends a long line with. */
const handshakes: readonly (readonly [reason: RegExp, problem: TlsProblem])[] = [
  [
    /wrong version number|packet length too long|http request|unexpected message/,
    { why: 'what answers does not speak TLS', nextStep: speaksHttps },
  ],
  [
    /certificate required|handshake failure|bad certificate/,
    {
      why: 'the endpoint refused it',
      nextStep: 'See its log; it may ask for a certificate of its clients, and none can be given.',
    },
  ],
  [
    /unsupported protocol|protocol version|no protocols/,
    { why: 'there is no version of TLS that both speak', nextStep: 'Let the endpoint speak TLS 1.2 or newer.' },
  ],
];

/** Of a handshake that failed for another reason. */
export function handshakeProblem({ code = '', message, reason }: NodeError): TlsProblem {
  if (code === 'ECONNRESET')
    return { why: withCode('the endpoint closed the connection', code), nextStep: speaksHttps };
  const said = typeof reason === 'string' ? reason : shortReason(message);
  const [, known] = handshakes.find(([pattern]) => pattern.test(said)) ?? [];
  return known === undefined
    ? { why: withCode(said, code), nextStep: speaksHttps }
    : { ...known, why: withCode(known.why, code) };
}

/** "wrong version number" of "40:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/..." */
function shortReason(message: string): string {
  return /:SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? withoutAdvice(message);
}

/** Without Node's advice on its own options, and without the names of a certificate. */
function withoutAdvice(message: string): string {
  return message
    .trim()
    .replace(/; if the root CA .*$/s, '')
    .replace(/(altnames): .*$/s, '$1')
    .replace(/\.$/, '');
}

function withCode(why: string, code: string): string {
  return code === '' || why.includes(code) ? why : `${why} (${code})`;
}
