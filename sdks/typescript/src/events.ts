/** The calls' own words, as the events that the server knows. Pure. */
import type { Diff } from "./diff.js";
import type { RequestContext, RequestLike } from "./context.js";
import { few } from "./plain.js";

/** What every call takes. */
export interface Common {
  /** An id of the caller's own; the same id with the same content (time and session, too) is the same event. */
  eventId?: string | undefined;
  timestamp?: string | Date | undefined;
  agentId?: string | undefined;
  sessionId?: string | undefined;
  userId?: string | null | undefined;
  conversationId?: string | undefined;
  level?: string | undefined;
  durationMs?: number | undefined;
  tokensInput?: number | undefined;
  tokensOutput?: number | undefined;
  costUsd?: number | undefined;
  model?: string | undefined;
  permissionLevel?: string | undefined;
  /** Anything else; it is kept, shown and can be queried. */
  attributes?: Record<string, unknown> | undefined;
}

/** Who did what to which entity. */
export interface AuditEntry extends Common {
  action: string;
  entityType: string;
  entityId?: string | number | null | undefined;
  resourceName?: string | null | undefined;
  details?: unknown;
  /** As `generateDiff` makes it. */
  changes?: Diff | Record<string, unknown> | undefined;
  severity?: "debug" | "info" | "warning" | "error" | "critical" | (string & {}) | undefined;
  /**
   * Added to, and before, what the middleware knows. A request as Express, Node or fetch have it, or its headers, will do;
   * then a forwarded address is believed as far as the middleware trusts proxies, and without it not at all.
   */
  request?: RequestContext | RequestLike | undefined;
}

export interface Action extends Common {
  name: string;
  /** `tool` when nothing is said. */
  type?: string | undefined;
  category?: string | undefined;
  details?: unknown;
  status?: string | undefined;
  result?: unknown;
  error?: unknown;
}

export interface Decision extends Common {
  name: string;
  question?: string | undefined;
  options?: readonly unknown[] | undefined;
  chosen?: unknown;
  confidence?: number | string | undefined;
  reasoning?: string | undefined;
}

export interface AiDecision extends Common {
  modelId: string;
  inputData?: unknown;
  prediction?: unknown;
  confidence?: number | undefined;
  explanation?: unknown;
}

export interface Trade extends Common {
  orderId: string;
  executionPrice: number | string;
  gasUsed?: number | undefined;
  side?: string | undefined;
  symbol?: string | undefined;
  quantity?: number | string | undefined;
  expectedPrice?: number | string | undefined;
  gasPrice?: number | string | undefined;
  slippage?: number | undefined;
  status?: string | undefined;
}

export interface Communication extends Common {
  receiver: string;
  content: unknown;
  subject?: string | undefined;
  type?: string | undefined;
  priority?: string | undefined;
  expectedResponseTime?: string | undefined;
  responseRequired?: boolean | undefined;
  attachments?: readonly unknown[] | undefined;
  sender?: string | undefined;
  workflow?: unknown;
  response?: unknown;
}

/** Members in the order in which they are sent; those without a value are left out. */
export type Members = Record<string, unknown>;

/** `told` is the request as the entry names it, `known` the one that is being handled. */
export function fromAudit(entry: AuditEntry, told: RequestContext | undefined, known: RequestContext | undefined, knownUser: string | undefined): Members {
  const request = { ...present(few(known ?? {})), ...present(few(told ?? {})) };
  return {
    action: entry.action,
    entityType: entry.entityType,
    entityId: entry.entityId ?? undefined,
    userId: entry.userId === undefined ? knownUser : (entry.userId ?? undefined),
    resourceName: entry.resourceName ?? undefined,
    details: entry.details,
    changes: entry.changes,
    severity: entry.severity,
    request: Object.keys(request).length === 0 ? undefined : request,
    ...commonMembers(entry),
    user_id: undefined,
  };
}

export function fromAction(action: Action): Members {
  return {
    action_type: action.type ?? "tool",
    action_name: action.name,
    category: action.category,
    action_details: action.details,
    outcome_status: action.status,
    outcome_result: action.result,
    outcome_error: action.error,
    ...commonMembers(action),
  };
}

export function fromDecision(decision: Decision): Members {
  const { question, options, chosen, confidence, reasoning } = decision;
  return {
    action_type: "decision",
    action_name: decision.name,
    decision: present({ question, options_considered: options, chosen, confidence, reasoning }),
    ...commonMembers(decision),
  };
}

export function fromAiDecision(decision: AiDecision): Members {
  return {
    model_id: decision.modelId,
    input_data: decision.inputData,
    prediction: decision.prediction,
    confidence: decision.confidence,
    explanation: decision.explanation,
    ...commonMembers(decision),
  };
}

export function fromTrade(trade: Trade): Members {
  return {
    order_id: trade.orderId,
    execution_price: trade.executionPrice,
    gas_used: trade.gasUsed,
    side: trade.side,
    symbol: trade.symbol,
    quantity: trade.quantity,
    expected_price: trade.expectedPrice,
    gas_price: trade.gasPrice,
    slippage: trade.slippage,
    status: trade.status,
    ...commonMembers(trade),
  };
}

export function fromCommunication(message: Communication, agentId: string | undefined): Members {
  const sender = message.sender ?? message.agentId ?? agentId;
  return {
    type: message.type,
    sender: sender === undefined ? undefined : { agent_id: sender },
    receiver: present({ agent_id: message.receiver, response_required: message.responseRequired }),
    message: present({
      subject: message.subject,
      content: message.content,
      priority: message.priority,
      expected_response_time: message.expectedResponseTime,
      attachments: message.attachments,
    }),
    workflow: message.workflow,
    response: message.response,
    ...commonMembers(message),
    agent_id: undefined,
  };
}

function commonMembers(common: Common): Members {
  return {
    agent_id: common.agentId,
    session_id: common.sessionId,
    user_id: common.userId ?? undefined,
    conversation_id: common.conversationId,
    level: common.level,
    duration_ms: common.durationMs,
    tokens_input: common.tokensInput,
    tokens_output: common.tokensOutput,
    cost_usd: common.costUsd,
    model: common.model,
    permission_level: common.permissionLevel,
    attributes: common.attributes,
  };
}

function present(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
}
