#!/usr/bin/env node
// A scripted model for end-to-end tests: the Messages API, streaming and plain, as far as a coding agent uses it.
//
//   model.mjs WORK-FOLDER [FILE]     prints its address; FAKE_SECRET is the secret that the script leaks;
//                                    FILE gets each request, one a line
//
// It keeps no state: the marker in the first message of a conversation names the script, the number of tool results
// in the conversation is how far the script has come. So retries and sub-agents need no care.
// It listens on loopback only and needs nothing but Node.
import fs from 'node:fs';
import http from 'node:http';
import { pathToFileURL } from 'node:url';

const MARKER = /tachograph-script:([a-z]+)/;
const BODY_BYTES_MAX = 64 << 20;

/** What the model does: one call for each turn, then a closing text. The judge reads this list as well. */
export function scripts(folder, secret) {
  const file = `${folder}/greeting.txt`;
  return {
    main: {
      calls: [
        { says: 'I will look around first.', tool: 'Bash', outcome: 'success',
          input: { command: 'echo harmless-first-step', description: 'Look around' } },
        { tool: 'Bash', outcome: 'failure', exitCode: 3,
          input: { command: 'echo broken pipe dream >&2; exit 3', description: 'A command that fails' } },
        { says: 'Now a file.', tool: 'Write', outcome: 'success',
          input: { file_path: file, content: 'good morning\n' } },
        { tool: 'Edit', outcome: 'success',
          input: { file_path: file, old_string: 'morning', new_string: 'evening' } },
        { tool: 'Read', outcome: 'failure', input: { file_path: `${folder}/missing.txt` } },
        { says: 'A sub-agent shall count.', tool: 'Agent', outcome: 'success',
          input: { description: 'Count the files', prompt: 'tachograph-script:sub count the files',
            subagent_type: 'general-purpose', run_in_background: false } },
        { tool: 'Bash', outcome: 'success', leaks: true,
          input: { command: `echo deploy with ${secret} now`, description: 'Leak a secret' } },
      ],
      ends: 'Everything in the script was done.',
    },
    sub: {
      calls: [
        { tool: 'Bash', outcome: 'success',
          input: { command: 'ls | wc -l', description: 'Count the files' } },
      ],
      ends: 'There is one file.',
    },
    refused: {
      calls: [
        { tool: 'Bash', outcome: 'failure',
          input: { command: 'curl http://127.0.0.1:9', description: 'What nobody is there to permit' } },
      ],
      ends: 'It was not permitted.',
    },
    // It is running when its agent is interrupted.
    stopped: {
      calls: [
        { tool: 'Bash', outcome: 'partial',
          input: { command: 'kill -INT $PPID; sleep 60', description: 'What is interrupted' } },
      ],
      ends: 'Nobody hears this.',
    },
    report: report('reported-1', secret),
    again: report('reported-2', secret),
    short: {
      calls: [
        { tool: 'Bash', outcome: 'success', input: { command: 'echo short-step', description: 'One step' } },
      ],
      ends: 'The short script was done.',
    },
  };
}

/** An agent that reports itself, through an MCP server that is called `audit`. */
function report(event, secret) {
  const call = (tool, input) => ({ tool: `mcp__audit__${tool}`, outcome: 'success', input });
  return {
    calls: [
      call('log_action', { action_name: 'deploy', event_id: event, parameters: { to: 'production', note: secret } }),
      call('log_outcome', { action_id: event, status: 'success' }),
      call('search_logs', { query: 'deploy' }),
    ],
    ends: 'It is on the record.',
  };
}

/** The id of a call: known beforehand, so that the judge can ask for it. */
export function callId(script, number) {
  return `toolu_${script}_${String(number).padStart(2, '0')}`;
}

/** The blocks of the next answer to a conversation. */
export function answer(request, all) {
  const parts = (message) =>
    typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content ?? [];
  const asked = (request.messages ?? []).filter((message) => message.role === 'user');
  const texts = asked.length > 0 ? parts(asked[0]).map((part) => part.text ?? '').join('\n') : '';
  const name = MARKER.exec(texts)?.[1];
  const script = all[name];
  // Requests beside the conversation, such as for a title, offer no tools.
  if (!script || !request.tools?.length) return [{ type: 'text', text: 'ok' }];
  const done = asked.flatMap(parts).filter((part) => part.type === 'tool_result').length;
  const call = script.calls[done];
  if (!call) return [{ type: 'text', text: script.ends }];
  const use = { type: 'tool_use', id: callId(name, done), name: call.tool, input: call.input };
  return call.says ? [{ type: 'text', text: call.says }, use] : [use];
}

function message(request, blocks) {
  return {
    id: `msg_${process.hrtime.bigint().toString(16)}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content: blocks,
    stop_reason: blocks.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 100, cache_creation_input_tokens: 10, cache_read_input_tokens: 1000, output_tokens: 20 },
  };
}

/** The events of a streamed message. */
function* events(whole) {
  const { content, stop_reason, stop_sequence, usage } = whole;
  yield { type: 'message_start', message: { ...whole, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } } };
  for (const [index, block] of content.entries()) {
    const isText = block.type === 'text';
    const start = isText ? { ...block, text: '' } : { ...block, input: {} };
    yield { type: 'content_block_start', index, content_block: start };
    for (const piece of (isText ? block.text : JSON.stringify(block.input)).match(/[^]{1,48}/gu) ?? []) {
      const delta = isText ? { type: 'text_delta', text: piece } : { type: 'input_json_delta', partial_json: piece };
      yield { type: 'content_block_delta', index, delta };
    }
    yield { type: 'content_block_stop', index };
  }
  yield { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage };
  yield { type: 'message_stop' };
}

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new Error(`the body is too large: expected at most ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString() || '{}');
}

function serve(all, log) {
  const json = (response, status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  return http.createServer(async (request, response) => {
    try {
      const path = new URL(request.url, 'http://model').pathname;
      const body = await read(request);
      if (request.method !== 'POST') return json(response, 200, { data: [] });
      if (path === '/v1/messages/count_tokens') return json(response, 200, { input_tokens: 100 });
      if (path !== '/v1/messages') {
        const error = { type: 'not_found_error', message: `${path} is not part of this model` };
        return json(response, 404, { type: 'error', error });
      }
      if (log) fs.appendFileSync(log, `${JSON.stringify(body)}\n`);
      const whole = message(body, answer(body, all));
      if (!body.stream) return json(response, 200, whole);
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      for (const event of events(whole)) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      return response.end();
    } catch (error) {
      return json(response, 400, { type: 'error', error: { type: 'invalid_request_error', message: error.message } });
    }
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder, log] = process.argv.slice(2);
  const secret = process.env.FAKE_SECRET;
  if (!folder || !secret) {
    console.error('usage: FAKE_SECRET=… model.mjs WORK-FOLDER [FILE]');
    process.exit(2);
  }
  const server = serve(scripts(folder, secret), log);
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
}
