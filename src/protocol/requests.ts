import type { HostMessage, PanelRequest, WebviewMessage } from './messages.ts';

/** The webview's side of requests: each is answered, or rejected with a sentence for the user. */
export interface Requests {
  send(request: PanelRequest): Promise<void>;
  /** Settles the request that the reply belongs to; a reply to none is ignored. */
  settle(reply: Extract<HostMessage, { type: 'reply' }>): void;
}

export function createRequests(post: (message: WebviewMessage) => void): Requests {
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let nextId = 0;
  return {
    send(request) {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        post({ type: 'request', id, request });
      });
    },
    settle(reply) {
      const request = waiting.get(reply.id);
      if (request === undefined) return;
      waiting.delete(reply.id);
      if (reply.ok) request.resolve();
      else request.reject(new Error(reply.message));
    },
  };
}
