"""Calls a scripted model with OpenAI's SDK, and tools of LangChain, while two libraries instrument them: `twice.py HTTP`. One line
of JSON says what was called: by trace the number of calls and the tokens that the model counted, or the tool."""
import contextvars
import json
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from openinference.instrumentation import TraceConfig
from openinference.instrumentation.langchain import LangChainInstrumentor as OpenInferenceChain
from openinference.instrumentation.openai import OpenAIInstrumentor as OpenInference
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.langchain import LangchainInstrumentor as OpenLLMetryChain
from opentelemetry.instrumentation.openai import OpenAIInstrumentor as OpenLLMetry
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

MODEL, DATED = "gpt-4o", "gpt-4o-2024-08-06"
numbers = iter(range(1, 1000))
lock = threading.Lock()


class Model(BaseHTTPRequestHandler):
    """Answers chat completions; a prompt says with how many tokens, and `fail` fails."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        prompt = asked["messages"][-1]["content"]
        if prompt == "fail":
            return self.answer(400, "application/json", b'{"error":{"message":"no"}}')
        with lock:
            number = next(numbers)
        tokens = int(prompt)
        head = {"id": f"chatcmpl-{number:024}", "created": 1795226080, "model": DATED}
        usage = {"prompt_tokens": tokens, "completion_tokens": 7, "total_tokens": tokens + 7}
        said = {"role": "assistant", "content": "done"}
        if not asked.get("stream"):
            choice = {"index": 0, "message": said, "finish_reason": "stop"}
            whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
            return self.answer(200, "application/json", json.dumps(whole).encode())
        head["object"] = "chat.completion.chunk"
        chunks = [
            {**head, "choices": [{"index": 0, "delta": said, "finish_reason": None}]},
            {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {**head, "choices": [], "usage": usage},
        ]
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"]
        self.answer(200, "text/event-stream", "".join(lines).encode())

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


model = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
client = openai.OpenAI(base_url=f"http://127.0.0.1:{model.server_port}/v1", api_key="none", max_retries=0)
provider = TracerProvider(resource=Resource.create({"service.name": "twice"}))
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{sys.argv[1]}/v1/traces")))
tracer = provider.get_tracer("judge", "1")


def call(tokens, stream=False):
    more = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": str(tokens)}], **more)
    if stream:
        list(answer)


def traced(name, work):
    """Work below one span, so that what both libraries tell stands side by side or nests in it."""
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": name}
    with tracer.start_as_current_span("invoke_agent", attributes=attributes) as root:
        trace = format(root.get_span_context().trace_id, "032x")
        return {"name": name, "trace": trace, **work()}


def untraced(name, work):
    """Work with no span around, as a quick start has it: each library begins traces of its own."""
    return {"name": name, "trace": None, **work()}


def in_turn():
    call(100)
    call(100)
    call(200, stream=True)
    return {"calls": 3, "tokens": 400}


def at_once():
    with ThreadPoolExecutor(6) as pool:
        ran = [pool.submit(contextvars.copy_context().run, call, 100) for _ in range(6)]
    for each in ran:
        each.result()
    return {"calls": 6, "tokens": 600}


def failing():
    try:
        call("fail")
    except openai.BadRequestError:
        pass
    call(100)
    return {"calls": 2, "tokens": 100}


def chain():
    address, more = f"http://127.0.0.1:{model.server_port}/v1", {"api_key": "none", "max_retries": 0}
    return ChatOpenAI(model=MODEL, base_url=address, **more)


def chained():
    """LangChain calls both libraries back: neither knows of the other's span."""
    for tokens in ["100", "200", "200"]:
        chain().invoke(tokens)
    return {"calls": 3, "tokens": 500}


def chained_at_once():
    chain().batch(["100"] * 5)
    return {"calls": 5, "tokens": 500}


def piped():
    """Each library has spans of its own around the call; of what streams neither tells an id."""
    pipe = ChatPromptTemplate.from_messages([("user", "{tokens}")]) | chain() | StrOutputParser()
    pipe.invoke({"tokens": "100"})
    list(pipe.stream({"tokens": "200"}))
    list(pipe.stream({"tokens": "200"}))
    return {"calls": 3, "tokens": 500}


def chained_failing():
    try:
        chain().invoke("fail")
    except openai.BadRequestError:
        pass
    chain().invoke("100")
    return {"calls": 2, "tokens": 100}


@tool
def get_price(symbol: str) -> str:
    """The price of a symbol."""
    if symbol == "NONE":
        raise ValueError(symbol)
    return f"{symbol}: 101.5"


def tools():
    """One that a model asked for has an id of the call, one that a program calls has none."""
    asked = {"type": "tool_call", "name": "get_price", "args": {"symbol": "ACME"}}
    for _ in range(2):
        get_price.invoke({**asked, "id": f"call_{uuid.uuid4().hex}"})
        get_price.invoke({"symbol": "ACME"})
    try:
        get_price.invoke({"symbol": "NONE"})
    except ValueError:
        pass
    get_price.batch([{"symbol": "ACME"}] * 5)
    return {"calls": 10, "tokens": None, "action": "get_price"}


def bare():
    ran = [chained(), chained_at_once(), chained_failing()]
    return {count: sum(each[count] for each in ran) for count in ("calls", "tokens")}


works = {"in turn": in_turn, "at once": at_once, "failing": failing}
chains = {"by LangChain": chained, "by LangChain at once": chained_at_once, "in a pipe": piped, "failing by LangChain": chained_failing}
sent = []


def instrumented(libraries, works, kind, run=traced, **more):
    for library in libraries:
        is_own = type(library).__module__.startswith("openinference")
        library.instrument(tracer_provider=provider, **(more if is_own else {}))
    sent.extend(run(f"{name}, {kind}", work) for name, work in works.items())
    for library in reversed(libraries):
        library.uninstrument()


# With its outputs hidden OpenInference tells no id of the answer.
hides = TraceConfig(hide_outputs=True)
# First, because OpenLLMetry does not wholly let go of what it has instrumented.
instrumented([OpenInference()], works, "told once", config=hides)
instrumented([OpenLLMetryChain(), OpenInferenceChain()], chains, "told twice with ids")
instrumented([OpenLLMetryChain(), OpenInferenceChain()], chains, "told twice without ids", config=hides)
called = {"tools of LangChain": tools}
instrumented([OpenLLMetryChain(), OpenInferenceChain()], called, "told twice")
instrumented([OpenLLMetryChain(), OpenInferenceChain()], called, "told twice with no span around", untraced)
alone = {"no span around": bare}
instrumented([OpenLLMetryChain(), OpenInferenceChain()], alone, "told twice without ids", untraced, config=hides)
instrumented([OpenLLMetry(), OpenInference()], works, "told twice")
provider.shutdown()
print(json.dumps(sent))
