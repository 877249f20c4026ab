//! Does with the library what a conformance scenario says: `sdks/conformance/README.md`.

use serde_json::{Map, Value, json};
use std::io::BufRead;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tacho_client::{Client, Event, Options, Problem};

fn main() {
    println!("{}", json!({"driver": "rust", "can": ["fork"]}));
    let mut client = None;
    for line in std::io::stdin().lock().lines() {
        let command: Value = serde_json::from_str(&line.expect("a line")).expect("a command");
        if command["cmd"] == "exit" {
            break;
        }
        let result = run(&command, &mut client);
        println!("{result}");
    }
}

fn run(command: &Value, client: &mut Option<Client>) -> Value {
    if command["cmd"] == "init" {
        let (told, hears) = std::sync::mpsc::channel();
        let mut options = options(&command["options"]);
        let logs_to: Arc<OnceLock<Client>> = Arc::default();
        let logs = Arc::clone(&logs_to);
        options.on_problem = Some(Arc::new(move |problem| {
            if let Some(client) = logs.get() {
                client.record(Event::action("problem").details(&format!("{problem:?}")));
                return;
            }
            eprintln!("{problem:?}");
            if let Problem::Settings { error } = problem {
                drop(told.send(error.clone()));
            }
        }));
        let made = client.insert(Client::new(options));
        if command["problems"] == "logged" {
            logs_to.get_or_init(|| made.clone());
        }
        return json!({"settings": hears.try_iter().collect::<Vec<_>>()});
    }
    let Some(client) = client else { return json!({"threw": "init comes first"}) };
    match command["cmd"].as_str().unwrap_or_default() {
        "log" => log(client, command),
        "odd" => odd(client, command),
        "call" => json!({"ids": [client.record(call(&command["method"], &command["args"]))]}),
        "flush" => {
            let timeout = command["timeout_ms"].as_u64().unwrap_or(20_000);
            json!({"flushed": client.flush(Duration::from_millis(timeout))})
        }
        "persist" => json!({"persisted": client.persist()}),
        "close" => json!({"flushed": client.close()}),
        "stats" => {
            let s = client.stats();
            json!({"logged": s.logged, "recorded": s.recorded, "duplicates": s.duplicates, "rejected": s.rejected,
                "lost": s.lost, "waiting": s.waiting, "in_memory": s.in_memory})
        }
        "receipts" => receipts(client, command),
        "fork" => fork(client, command),
        "kill" => {
            let _ = std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            json!({"threw": "still alive"})
        }
        other => json!({"threw": format!("command {other}")}),
    }
}

fn options(given: &Value) -> Options {
    let mut options = Options::default();
    let text = |name: &str| given[name].as_str().map(str::to_owned);
    let count = |name: &str| given[name].as_u64();
    let ms = |name: &str| count(name).map(Duration::from_millis);
    let size = |name: &str| count(name).and_then(|n| usize::try_from(n).ok());
    options.url = text("url").unwrap_or(options.url);
    options.key = text("key").or(options.key);
    options.agent_id = text("agent_id").or(options.agent_id);
    options.session_id = text("session_id").or(options.session_id);
    options.spool_dir = text("spool_dir").map_or(options.spool_dir, Into::into);
    options.spool_bytes = count("spool_bytes").unwrap_or(options.spool_bytes);
    options.batch_events = size("batch_events").unwrap_or(options.batch_events);
    options.batch_bytes = size("batch_bytes").unwrap_or(options.batch_bytes);
    options.batch_time = ms("batch_ms").unwrap_or(options.batch_time);
    options.queue_events = size("queue_events").unwrap_or(options.queue_events);
    options.queue_bytes = size("queue_bytes").unwrap_or(options.queue_bytes);
    options.timeout = ms("timeout_ms").unwrap_or(options.timeout);
    options.retry_min = ms("retry_min_ms").unwrap_or(options.retry_min);
    options.retry_max = ms("retry_max_ms").unwrap_or(options.retry_max);
    options.close_time = ms("close_ms").unwrap_or(options.close_time);
    options
}

fn log(client: &Client, command: &Value) -> Value {
    let one = |n: u64| {
        let mut details = fill(&command["details"]).as_object().cloned().unwrap_or_default();
        details.insert("n".into(), n.into());
        let mut event = Event::action("step").details(&details);
        if let Some(id) = command["event_id"].as_str() {
            event = event.id(id);
        }
        if let Some(session) = command["session_id"].as_str() {
            event = event.session(session);
        }
        client.record(event)
    };
    json!({"ids": numbers(&command["n"]).into_iter().map(one).collect::<Vec<_>>()})
}

fn odd(client: &Client, command: &Value) -> Value {
    #[derive(serde::Serialize)]
    struct Odd {
        n: u64,
        nan: f64,
        infinite: f32,
        big: u128,
        bytes: &'static [u8],
        unit: (),
    }
    let n = command["n"].as_u64().unwrap_or_default();
    let odd = Odd { n, nan: f64::NAN, infinite: f32::INFINITY, big: 1 << 40, bytes: b"\0\xff", unit: () };
    let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
    json!({"ids": [client.record(Event::action("step").details(&odd).with_value("keys", &keys))]})
}

fn call(method: &Value, args: &Value) -> Event {
    let text = |name: &str| args[name].as_str().unwrap_or_default();
    let event = match method.as_str().unwrap_or_default() {
        "log_event" => return Event::raw(args["event"].as_object().cloned().unwrap_or_default()),
        "log_action" => Event::action(text("name")),
        "log_decision" => Event::decision(text("name"), &parts(args, &DECISION)),
        "log_ai_decision" => Event::ai_decision(text("model_id"), &args["input_data"], &args["prediction"]),
        "log_trade" => Event::trade(text("order_id"), &args["execution_price"]),
        "log_communication" => {
            let event = Event::communication(text("receiver"), &parts(args, &MESSAGE));
            let receiver =
                json!({"agent_id": text("receiver"), "response_required": args["response_required"]});
            return event.with_value("receiver", &receiver).with("type", text("type"));
        }
        "audit_log" => {
            let request = |name: &str| args[name].as_str();
            let event = Event::audit(text("action"), text("entity_type"), text("entity_id"));
            event.request(request("ip"), request("user_agent"), request("session_id"))
        }
        other => Event::action(other),
    };
    let done = [
        "question",
        "options",
        "chosen",
        "reasoning",
        "order_id",
        "execution_price",
        "model_id",
        "input_data",
        "prediction",
        "entity_type",
        "entity_id",
        "ip",
        "user_agent",
    ];
    let is_audit = method == "audit_log";
    args.as_object().into_iter().flatten().fold(event, |event, (name, value)| {
        match (name.as_str(), value.as_str()) {
            (name, _) if done.contains(&name) => event,
            ("name", _) => event,
            ("session_id" | "action", _) if is_audit => event,
            ("confidence", _) if method == "log_decision" => event,
            ("type", Some(kind)) => event.kind(kind),
            ("details", _) => event.details(value),
            ("status", Some(status)) => event.status(status),
            ("result", _) => event.result(value),
            ("error", _) => event.error(value),
            ("user_id", Some(user)) => event.user(user),
            ("resource_name", Some(name)) => event.resource_name(name),
            ("timestamp", Some(time)) => event.timestamp(time),
            ("event_id", Some(id)) => event.id(id),
            (name, _) => event.with_value(name, value),
        }
    })
}

const DECISION: [(&str, &str); 5] = [
    ("question", "question"),
    ("options", "options_considered"),
    ("chosen", "chosen"),
    ("confidence", "confidence"),
    ("reasoning", "reasoning"),
];
const MESSAGE: [(&str, &str); 4] = [
    ("subject", "subject"),
    ("content", "content"),
    ("priority", "priority"),
    ("expected_response_time", "expected_response_time"),
];

fn parts(args: &Value, names: &[(&str, &str)]) -> Map<String, Value> {
    let part = |(from, to): &(&str, &str)| Some(((*to).to_owned(), args.get(*from)?.clone()));
    names.iter().filter_map(part).collect()
}

fn receipts(client: &Client, command: &Value) -> Value {
    let one = |id: &Value| {
        let id = id.as_str().unwrap_or_default();
        let Some(receipt) = client.receipt(id) else { return json!({"id": id, "status": "unknown"}) };
        json!({"id": id, "status": receipt.status.as_str(), "index": receipt.index, "reason": receipt.reason})
    };
    json!({"receipts": command["ids"].as_array().into_iter().flatten().map(one).collect::<Vec<_>>()})
}

/// A child by the system's own call: the safe libraries have none, for good reason, and programs do it all the same.
#[allow(unsafe_code)]
fn fork(client: &mut Client, command: &Value) -> Value {
    let mut ends = [0; 2];
    // SAFETY: the pipe is written to an array of two; the child uses only what the client promises to work after a fork.
    let (read, pid) = unsafe {
        libc::pipe(ends.as_mut_ptr());
        (ends[0], libc::fork())
    };
    if pid == 0 {
        let mut own = Some(client.clone());
        let commands = command["commands"].as_array().cloned().unwrap_or_default();
        let results: Vec<Value> = commands.iter().map(|command| run(command, &mut own)).collect();
        let text = json!(results).to_string();
        // SAFETY: as above; the bytes live until the call returns.
        unsafe {
            libc::write(ends[1], text.as_ptr().cast(), text.len());
        }
        // The ordinary end of a program drops what it holds.
        drop(own);
        client.close();
        std::process::exit(0);
    }
    let mut status = 0;
    let mut text = vec![0; 1 << 16];
    // SAFETY: the child is ours; the buffer has the length that is told.
    let length = unsafe {
        libc::waitpid(pid, &raw mut status, 0);
        libc::read(read, text.as_mut_ptr().cast(), text.len())
    };
    text.truncate(usize::try_from(length).unwrap_or_default());
    // SAFETY: both ends are ours.
    unsafe {
        libc::close(ends[0]);
        libc::close(ends[1]);
    }
    let results: Value = serde_json::from_slice(&text).unwrap_or_default();
    json!({"results": results, "exit": libc::WEXITSTATUS(status)})
}

fn fill(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            if let Some(repeat) = members.get("$repeat") {
                let times = repeat[1].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
                return repeat[0].as_str().unwrap_or_default().repeat(times).into();
            }
            members.iter().map(|(name, value)| (name.clone(), fill(value))).collect()
        }
        Value::Array(items) => items.iter().map(fill).collect(),
        value => value.clone(),
    }
}

fn numbers(spelt: &Value) -> Vec<u64> {
    match spelt.as_str().and_then(|text| text.split_once('-')) {
        Some((first, last)) => (first.parse().unwrap_or(1)..=last.parse().unwrap_or(0)).collect(),
        None => spelt.as_array().into_iter().flatten().filter_map(Value::as_u64).collect(),
    }
}
