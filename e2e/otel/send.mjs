// Sends what an instrumented agent does with the Node SDK: `send.mjs HTTP GRPC`. One line of JSON says what.
// Spans go as JSON and over gRPC, logs as protobuf, metrics over gRPC.
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPTraceExporter as GrpcSpans } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonSpans } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const [http, grpc] = process.argv.slice(2);
const resource = (service) => resourceFromAttributes({ 'service.name': service });

async function spans(service, exporter) {
  const kept = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    resource: resource(service), spanProcessors: [new SimpleSpanProcessor(kept)],
  });
  const span = provider.getTracer('judge').startSpan('get_price.tool', {
    attributes: {
      'openinference.span.kind': 'TOOL', 'tool.name': 'get_price', 'input.value': '{"symbol": "ACME"}',
      'output.value': 'ACME: 101.5', 'session.id': `${service}-s1`, nested: ['a', 'b'], share: 0.5, big: 2 ** 53,
    },
  });
  span.end();
  await provider.forceFlush();
  const result = await new Promise((resolve) => exporter.export(kept.getFinishedSpans(), resolve));
  await exporter.shutdown();
  return { trace: span.spanContext().traceId, code: result.code, error: result.error?.message };
}

async function logs(service) {
  const processors = [new SimpleLogRecordProcessor(new OTLPLogExporter({ url: `${http}/v1/logs` }))];
  const provider = new LoggerProvider({ resource: resource(service), processors });
  provider.getLogger('judge.log').emit({
    severityNumber: 17, body: { what: 'no answer', tries: 3 }, attributes: { 'session.id': `${service}-log` },
  });
  await provider.shutdown();
}

async function metrics(service) {
  const exporter = new OTLPMetricExporter({ url: `http://${grpc}` });
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  const provider = new MeterProvider({ resource: resource(service), readers: [reader] });
  provider.getMeter('judge.meter').createUpDownCounter('open').add(-2);
  await provider.shutdown();
}

const sent = {
  'node-json': await spans('node-json', new JsonSpans({ url: `${http}/v1/traces` })),
  'node-grpc': await spans('node-grpc', new GrpcSpans({ url: `http://${grpc}` })),
};
await logs('node-proto');
await metrics('node-grpc');
console.log(JSON.stringify(sent));
