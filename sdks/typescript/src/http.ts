/** One request at a time over a connection that is kept, and that keeps no process alive. */
import * as http from "node:http";
import * as https from "node:https";
import type { Answer } from "./answer.js";

/** Answers are read up to this size, bytes. */
const ANSWER_BYTES_MAX = 64 << 20;

export interface Ask {
  method: "GET" | "POST" | "DELETE";
  url: URL;
  headers: Record<string, string>;
  body?: string;
  timeoutMs: number;
  /** Whether the process stays until the answer is there. */
  holds: boolean;
}

export class Connection {
  private readonly agents = {
    "http:": new http.Agent({ keepAlive: true, maxSockets: 1 }),
    "https:": new https.Agent({ keepAlive: true, maxSockets: 1 }),
  };

  /** Never rejects: an `Error` is an answer that did not come. */
  ask(ask: Ask): Promise<Answer | Error> {
    return new Promise((resolve) => {
      try {
        this.send(ask, resolve);
      } catch (error) {
        resolve(asError(error));
      }
    });
  }

  close(): void {
    this.agents["http:"].destroy();
    this.agents["https:"].destroy();
  }

  private send(ask: Ask, resolve: (answer: Answer | Error) => void): void {
    const isTls = ask.url.protocol === "https:";
    const headers: http.OutgoingHttpHeaders = { ...ask.headers, "user-agent": "tachograph-client-node/0.1.0" };
    if (ask.body !== undefined) headers["content-length"] = Buffer.byteLength(ask.body);
    const agent = this.agents[isTls ? "https:" : "http:"];
    const options = { method: ask.method, headers, agent };
    const request = (isTls ? https : http).request(ask.url, options);
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${ask.timeoutMs} ms`)), ask.timeoutMs);
    if (!ask.holds) timer.unref();
    const end = (answer: Answer | Error) => {
      clearTimeout(timer);
      resolve(answer instanceof Error ? new Error(`no answer from ${ask.url.origin}: ${answer.message}`) : answer);
    };
    request.on("socket", (socket) => (ask.holds ? socket.ref() : socket.unref()));
    request.on("error", (error) => end(asError(error)));
    request.on("response", (response) => read(response, end));
    request.end(ask.body);
  }
}

function read(response: http.IncomingMessage, end: (answer: Answer | Error) => void): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  response.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) response.destroy(new Error(`the answer has more than ${ANSWER_BYTES_MAX} bytes`));
    else parts.push(part);
  });
  response.on("error", (error) => end(asError(error)));
  response.on("end", () => {
    if (!response.complete) return end(new Error("the answer broke off"));
    const retryAfter = response.headers["retry-after"];
    end({ status: response.statusCode ?? 0, retryAfter, body: Buffer.concat(parts).toString("utf8") });
  });
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
