#!/usr/bin/env node
// A scripted model for Codex and Gemini CLI: OpenAI's Responses API and Gemini's streamGenerateContent, as far as these
// programs use them.
//
//   model.mjs WORK-FOLDER [FILE]     prints its address; FILE gets each request, one a line
//
// It keeps no state: the last marker in a conversation names the script, the number of answered calls behind it is how
// far the script has come. So retries and sub-agents need no care.
// It listens on loopback only and needs nothing but Node.
import fs from 'node:fs';
import http from 'node:http';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';

const MARKER = /tachograph-script:([a-z]+)/g;
const BODY_BYTES_MAX = 64 << 20;

/** What the model does, one list for each program: a step is the calls of one answer; after the last comes a text. */
export function scripts(folder) {
  return {
    codex: {
      steps: [
        { says: 'I will look around first.',
          calls: [{ id: 'call_look', tool: 'exec_command', input: { cmd: 'echo harmless-first-step' } }] },
        { calls: [{ id: 'call_patch', tool: 'apply_patch',
          text: `*** Begin Patch\n*** Add File: ${folder}/hello.txt\n+good morning\n*** End Patch\n` }] },
        { says: 'Two at a time, one of them fails.', calls: [
          { id: 'call_twice', tool: 'exec_command', input: { cmd: 'cat hello.txt' } },
          { id: 'call_fails', tool: 'exec_command', input: { cmd: 'echo broken pipe dream >&2; exit 3' } },
        ] },
        { calls: [{ id: 'call_refused', tool: 'exec_command', input: { cmd: 'shutdown now' } }] },
        { calls: [{ id: 'call_unknown', tool: 'no_such_tool', input: { a: 1 } }] },
        { calls: [{ id: 'call_program', tool: 'exec',
          text: 'text(await tools.exec_command({ cmd: "echo from-the-program; exit 4" }))' }] },
        { says: 'A sub-agent shall count.', calls: [{ id: 'call_spawn', tool: 'spawn_agent', namespace: 'collaboration',
          input: { task_name: 'count', message: 'tachograph-script:sub count the files', fork_turns: 'none' } }] },
        { calls: [{ id: 'call_wait', tool: 'wait_agent', namespace: 'collaboration', input: { timeout_ms: 10000 } }] },
      ],
      ends: 'Everything in the script was done.',
    },
    sub: {
      steps: [{ calls: [{ id: 'call_counted', tool: 'exec_command', input: { cmd: 'ls | wc -l' } }] }],
      ends: 'There is one file.',
    },
    subgemini: {
      steps: [
        { calls: [{ tool: 'run_shell_command', input: { command: 'ls | wc -l', description: 'Count the files' } }] },
        { calls: [{ tool: 'complete_task', input: { result: 'There is one file.' } }] },
      ],
      ends: 'There is one file.',
    },
    gemini: {
      steps: [
        { says: 'I will look around first.',
          calls: [{ tool: 'run_shell_command', input: { command: 'echo harmless-first-step', description: 'Look around' } }] },
        { calls: [{ tool: 'write_file', input: { file_path: `${folder}/hello.txt`, content: 'good morning\n' } }] },
        { says: 'Two at a time, both fail.', calls: [
          { tool: 'run_shell_command', input: { command: 'echo broken pipe dream >&2; exit 3', description: 'A command that fails' } },
          { tool: 'read_file', input: { file_path: 'missing.txt' } },
        ] },
        { says: 'Three files at a time.', calls: [
          { tool: 'write_file', input: { file_path: `${folder}/one.txt`, content: 'one\n' } },
          { tool: 'write_file', input: { file_path: `${folder}/two.txt`, content: 'two\n' } },
          { tool: 'write_file', input: { file_path: `${folder}/three.txt`, content: 'three, and more than that\n' } },
        ] },
        { calls: [{ tool: 'run_shell_command', input: { command: 'shutdown now', description: 'What a policy denies' } }] },
        { calls: [{ tool: 'no_such_tool', input: { a: 1 } }] },
        { says: 'A sub-agent shall count.',
          calls: [{ tool: 'invoke_agent', input: { agent_name: 'counter', prompt: 'tachograph-script:subgemini count the files' } }] },
      ],
      ends: 'Everything in the script was done.',
    },
  };
}

/** How far a conversation is: turns are `{ from: 'user' | 'model' | 'tool', text }`. */
export function next(turns, all) {
  let script;
  let answered = 0;
  for (const turn of turns) {
    const found = turn.from === 'user' && [...turn.text.matchAll(MARKER)].at(-1);
    if (found) [script, answered] = [all[found[1]], 0];
    else if (turn.from === 'tool') answered += 1;
  }
  if (!script) return { says: 'ok', calls: [] };
  for (const step of script.steps) {
    if (answered < step.calls.length) return step;
    answered -= step.calls.length;
  }
  return { says: script.ends, calls: [] };
}

const texts = (parts) => (typeof parts === 'string' ? parts : (parts ?? []).map((part) => part.text ?? part.encrypted_content ?? '').join('\n'));

/** The Responses API: input items to turns, a step to output items. */
function respond(body, all) {
  const turns = (body.input ?? []).map((item) => {
    if (/_output$/.test(item.type ?? '')) return { from: 'tool', text: '' };
    return { from: item.role === 'assistant' ? 'model' : 'user', text: texts(item.content) };
  });
  const step = next(turns, all);
  const output = step.says
    ? [{ type: 'message', id: unique('msg'), role: 'assistant', status: 'completed',
      content: [{ type: 'output_text', text: step.says, annotations: [] }] }]
    : [];
  for (const { id, tool, namespace, input, text } of step.calls) {
    const call = { id: unique('fc'), call_id: id, name: tool, status: 'completed', ...(namespace && { namespace }) };
    output.push(text === undefined
      ? { type: 'function_call', ...call, arguments: JSON.stringify(input) }
      : { type: 'custom_tool_call', ...call, input: text });
  }
  return output;
}

/** The events of a streamed response. */
function* responseEvents(body, output) {
  const usage = { input_tokens: 900, input_tokens_details: { cached_tokens: 512 }, output_tokens: 60,
    output_tokens_details: { reasoning_tokens: 10 }, total_tokens: 960 };
  const base = { id: unique('resp'), object: 'response', created_at: Math.floor(Date.now() / 1000), model: body.model,
    status: 'in_progress', output: [] };
  yield { type: 'response.created', response: base };
  for (const [output_index, item] of output.entries()) {
    yield { type: 'response.output_item.added', output_index, item };
    if (item.type === 'message') {
      yield { type: 'response.output_text.delta', item_id: item.id, output_index, content_index: 0, delta: item.content[0].text };
    }
    yield { type: 'response.output_item.done', output_index, item };
  }
  yield { type: 'response.completed', response: { ...base, status: 'completed', output, usage } };
}

/** Gemini's answer to a conversation, in the two pieces in which it is streamed: each has the tokens so far. */
function generate(body, model, all) {
  const turns = (body.contents ?? []).flatMap(({ role, parts }) => {
    const tools = (parts ?? []).filter((part) => part.functionResponse);
    if (tools.length > 0) return tools.map(() => ({ from: 'tool', text: '' }));
    return [{ from: role === 'model' ? 'model' : 'user', text: texts(parts) }];
  });
  const step = body.tools?.length ? next(turns, all) : { says: 'ok', calls: [] };
  const says = body.generationConfig?.responseMimeType === 'application/json'
    ? JSON.stringify({ next_speaker: 'user', reasoning: 'scripted', complexity_reasoning: 'scripted', complexity_score: 10 })
    : step.says;
  const responseId = unique('answer');
  const piece = (parts, candidatesTokenCount, finish) => ({
    candidates: [{ content: { role: 'model', parts }, index: 0, ...finish }],
    usageMetadata: { promptTokenCount: 800, candidatesTokenCount, cachedContentTokenCount: 256, thoughtsTokenCount: 20,
      totalTokenCount: 820 + candidatesTokenCount },
    modelVersion: model,
    responseId,
  });
  const calls = step.calls.map(({ tool, input }) => ({ functionCall: { name: tool, args: input } }));
  return [piece(says ? [{ text: says }] : [], 20, {}), piece(calls, 50, { finishReason: 'STOP' })];
}

/** The same in one piece. */
function joined([first, last]) {
  const parts = [first, last].flatMap((piece) => piece.candidates[0].content.parts);
  return { ...last, candidates: [{ ...last.candidates[0], content: { role: 'model', parts } }] };
}

function unique(kind) {
  return `${kind}_${process.hrtime.bigint().toString(16)}`;
}

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new Error(`the body is too large: expected at most ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const encoding = request.headers['content-encoding'];
  const plain = encoding === 'gzip' ? zlib.gunzipSync(bytes) : bytes;
  return JSON.parse(plain.toString() || '{}');
}

function stream(response, events) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const event of events) {
    response.write(`${event.type ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

function serve(all, log) {
  const json = (response, status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  return http.createServer(async (request, response) => {
    try {
      const path = new URL(request.url, 'http://model').pathname;
      const body = await read(request);
      if (request.method !== 'POST') return json(response, 200, { data: [], models: [] });
      if (log) fs.appendFileSync(log, `${JSON.stringify({ path, body })}\n`);
      if (path.endsWith('/responses')) return stream(response, responseEvents(body, respond(body, all)));
      if (path.includes(':countTokens')) return json(response, 200, { totalTokens: 100 });
      const [, model, how] = /\/models\/([^:]+):(generate|streamGenerate)Content$/.exec(path) ?? [];
      if (!model) return json(response, 404, { error: { code: 404, message: `${path} is not part of this model` } });
      const pieces = generate(body, model, all);
      return how === 'generate' ? json(response, 200, joined(pieces)) : stream(response, pieces);
    } catch (error) {
      return json(response, 400, { error: { code: 400, message: error.message } });
    }
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder, log] = process.argv.slice(2);
  if (!folder) {
    console.error('usage: model.mjs WORK-FOLDER [FILE]');
    process.exit(2);
  }
  const server = serve(scripts(folder), log);
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
}
