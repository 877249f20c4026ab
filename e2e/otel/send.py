"""Sends what an instrumented agent does with the Python SDK: `send.py HTTP GRPC [KEY]`. One line of JSON says what."""
import json
import logging
import sys

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

http, grpc = sys.argv[1:3]
headers = {"authorization": f"Bearer {sys.argv[3]}"} if len(sys.argv) > 3 else {}
# The exporters say in the log what was not taken.
logging.basicConfig(stream=sys.stderr)


def spans(service, session):
    """A run of an agent: one call of a model, one tool that works and one that fails."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.version": "3.1"}))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("judge", "1")
    run = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.id": f"{service}-agent",
           "gen_ai.conversation.id": session, "user.id": "u-7"}
    with tracer.start_as_current_span("invoke_agent", attributes=run) as root:
        ask = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 100,
               "gen_ai.usage.output_tokens": 20, "gen_ai.response.finish_reasons": ["stop"], "odd": float("nan")}
        with tracer.start_as_current_span("chat gpt-4o", kind=trace.SpanKind.CLIENT, attributes=ask):
            pass
        for number, word in enumerate(["filled", None]):
            call = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "place_order",
                    "gen_ai.tool.call.id": f"{session}-{number}", "gen_ai.tool.call.arguments": json.dumps({"qty": 10})}
            with tracer.start_as_current_span("execute_tool place_order", attributes=call) as span:
                if word:
                    span.set_attribute("gen_ai.tool.call.result", json.dumps({"status": word}))
                else:
                    span.record_exception(ValueError("market closed"))
                    span.set_status(Status(StatusCode.ERROR, "market closed"))
        context = root.get_span_context()
    return kept.get_finished_spans(), trace.format_trace_id(context.trace_id)


def logs(service, exporter):
    provider = LoggerProvider(resource=Resource.create({"service.name": service}))
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = provider.get_logger("judge.orders")
    logger.emit(severity_number=SeverityNumber.WARN, severity_text="WARNING", body="the book is thin",
                attributes={"session.id": f"{service}-log", "depth": 3})
    provider.shutdown()


def metrics(service, exporter):
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=60_000)
    provider = MeterProvider(metric_readers=[reader], resource=Resource.create({"service.name": service}))
    meter = provider.get_meter("judge.meter")
    meter.create_counter("orders", unit="1").add(3, {"side": "buy"})
    meter.create_histogram("latency", unit="ms").record(12.5)
    provider.shutdown()


sent = {}
over = {
    "py-http": (HttpSpans(f"{http}/v1/traces", headers=headers, compression=Compression.Gzip),
                HttpLogs(f"{http}/v1/logs", headers=headers), HttpMetrics(f"{http}/v1/metrics", headers=headers)),
    "py-grpc": (GrpcSpans(grpc, insecure=True, headers=headers), GrpcLogs(grpc, insecure=True, headers=headers),
                GrpcMetrics(grpc, insecure=True, headers=headers)),
}
for service, (to_spans, to_logs, to_metrics) in over.items():
    finished, trace_id = spans(service, f"{service}-s1")
    first, second = to_spans.export(finished), to_spans.export(finished)
    logs(service, to_logs)
    metrics(service, to_metrics)
    sent[service] = {"trace": trace_id, "results": [first.name, second.name]}
print(json.dumps(sent))
