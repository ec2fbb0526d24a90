import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** What `tls` takes of a member. */
export interface Certified {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateParts {
  /** Names and IPv4 addresses it is for. @default ['127.0.0.1'] */
  readonly names?: readonly string[];
  /** ms since the epoch. @default in an hour */
  readonly expires?: number;
}

const HOUR = 3_600_000;
const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8 = 0x0c;
const UTC_TIME = 0x17;
const EXPLICIT = 0xa0;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const ECDSA_WITH_SHA256 = der(SEQUENCE, oid('2a8648ce3d040302'));
const COMMON_NAME = '550403';
const BASIC_CONSTRAINTS = '551d13';
const SUBJECT_ALT_NAME = '551d11';

/** An authority of its own, for one test: it signs certificates of members, in X.509's own bytes. */
export class Authority {
  readonly ca: string;
  readonly #name: Buffer;
  readonly #key: KeyObject;
  #serial = 1;

  constructor(name = 'test authority') {
    const { publicKey, privateKey } = newKeys();
    this.#name = nameOf(name);
    this.#key = privateKey;
    const isAuthority = der(SEQUENCE, Buffer.from('0101ff', 'hex'));
    this.ca = this.#certify(this.#name, publicKey, {}, extension(BASIC_CONSTRAINTS, isAuthority));
  }

  sign(parts: CertificateParts = {}): Certified {
    const { publicKey, privateKey } = newKeys();
    const names = (parts.names ?? ['127.0.0.1']).map((name) =>
      /^[\d.]+$/.test(name)
        ? der(IP_ADDRESS, Buffer.from(name.split('.').map(Number)))
        : der(DNS_NAME, Buffer.from(name)),
    );
    const alternatives = extension(SUBJECT_ALT_NAME, der(SEQUENCE, ...names));
    const cert = this.#certify(nameOf('member'), publicKey, parts, alternatives);
    return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert };
  }

  #certify(
    subject: Buffer,
    key: KeyObject,
    { expires = Date.now() + HOUR }: CertificateParts,
    extensions: Buffer,
  ): string {
    const content = der(
      SEQUENCE,
      der(EXPLICIT, der(INTEGER, Buffer.from([2]))),
      der(INTEGER, Buffer.from([this.#serial++])),
      ECDSA_WITH_SHA256,
      this.#name,
      der(SEQUENCE, time(Math.min(expires, Date.now()) - HOUR), time(expires)),
      subject,
      key.export({ type: 'spki', format: 'der' }),
      der(EXPLICIT + 3, der(SEQUENCE, extensions)),
    );
    const signature = Buffer.concat([Buffer.from([0]), sign('sha256', content, this.#key)]);
    const bytes = der(SEQUENCE, content, ECDSA_WITH_SHA256, der(BIT_STRING, signature));
    const lines = bytes.toString('base64').replaceAll(/.{64}/g, '$&\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  }
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function nameOf(commonName: string): Buffer {
  const attribute = der(SEQUENCE, oid(COMMON_NAME), der(UTF8, Buffer.from(commonName)));
  return der(SEQUENCE, der(SET, attribute));
}

function extension(id: string, value: Buffer): Buffer {
  return der(SEQUENCE, oid(id), der(OCTET_STRING, value));
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return der(UTC_TIME, Buffer.from(digits.slice(2)));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

/** Tag, length, content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}
