/**
 * Whose address a request came from, behind proxies.
 *
 * `X-Forwarded-For` is written by whoever sends the request, and each proxy adds the address that it saw at the end. So
 * it is read from the end, and only as far as the proxies are known: the first address that is no proxy of ours is the
 * client, and what stands before it is hearsay. Without trusted proxies the header is not read at all.
 */
import { BlockList, isIP, isIPv4 } from "node:net";

/** Proxies that are believed: how many stand in front, or their networks (`10.0.0.0/8`, `::1`, `loopback`, `private`). */
export type TrustedProxies = number | readonly string[];

const NAMED: Record<string, readonly string[]> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"],
};
/** Addresses of a header that are looked at, from its end. */
const HOPS_MAX = 64;

export class Proxies {
  private readonly networks = new BlockList();
  private readonly hops: number;

  /** @throws TypeError for what is no network. */
  constructor(trusted: TrustedProxies = 0) {
    this.hops = typeof trusted === "number" ? trusted : 0;
    if (typeof trusted === "number") {
      if (!Number.isInteger(trusted) || trusted < 0) throw new TypeError(`trustedProxies: ${trusted} is no number of proxies`);
      return;
    }
    if (!Array.isArray(trusted)) throw new TypeError("trustedProxies: expected a list of networks or a number of proxies");
    for (const network of trusted.flatMap((name) => NAMED[name] ?? [name])) this.add(network);
  }

  /**
   * The client's address: `peer` is the other end of the connection, where that is known; `forwarded` the header's
   * value, several headers joined by commas.
   */
  client(peer: string | undefined, forwarded: string | undefined): string | undefined {
    const chain = (forwarded ?? "").split(",").slice(-HOPS_MAX).map(address);
    if (forwarded === undefined || forwarded.trim() === "") chain.length = 0;
    const nearest = address(peer ?? "");
    // Where nobody tells the peer (the App Router of Next.js), it is the proxy in front: that one counts as a hop.
    if (this.hops > 0) return this.counted(nearest, chain);
    if (nearest === undefined) return undefined;
    let client = nearest;
    while (this.isTrusted(client) && chain.length > 0) {
      const before = chain.pop();
      if (before === undefined) break; // what a proxy of ours wrote is no address: it is the last one that is known
      client = before;
    }
    return client;
  }

  private counted(nearest: string | undefined, chain: (string | undefined)[]): string | undefined {
    // From the end: the peer, what the first proxy saw, what the second saw …
    const seen = [nearest, ...chain.reverse()].slice(0, this.hops + 1);
    while (seen.length > 1 && seen.at(-1) === undefined) seen.pop();
    return seen.at(-1);
  }

  private isTrusted(ip: string): boolean {
    return this.networks.check(ip, isIPv4(ip) ? "ipv4" : "ipv6");
  }

  private add(network: string): void {
    const [ip = "", bits] = String(network).split("/");
    const version = isIP(ip);
    const max = version === 4 ? 32 : 128;
    const prefix = bits === undefined ? max : Number(bits);
    const isFit = Number.isInteger(prefix) && prefix >= 0 && prefix <= max && bits !== "";
    if (version === 0 || !isFit) throw new TypeError(`trustedProxies: "${network}" is no network such as 10.0.0.0/8`);
    this.networks.addSubnet(ip, prefix, version === 4 ? "ipv4" : "ipv6");
  }
}

/** An address in its plain form: without a port, brackets or an IPv4 address dressed as IPv6. */
export function address(text: string): string | undefined {
  let ip = text.trim().replace(/^"|"$/g, "").replace(/^for=/i, "").replace(/^"|"$/g, "");
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(ip);
  if (bracketed) ip = bracketed[1]!;
  else if (/^[\d.]+:\d+$/.test(ip)) ip = ip.slice(0, ip.indexOf(":"));
  ip = ip.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  return isIP(ip) === 0 ? undefined : ip.toLowerCase();
}
