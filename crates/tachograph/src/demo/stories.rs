//! The story lines that engineers recognise: a normal feature, a runaway loop, a leaked secret, a slow query.
//!
//! Those of operations, security and trading are in `incidents`.

use super::act::{Act, Session, Tone};
use super::cast::{BACKEND, ETL, FRONTEND, REVIEWER, TESTER, TRIAGE};
use super::incidents;
use super::scene::{Message, Scene};
use super::work::{edit, read};
use serde_json::json;

/// A story line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Story {
    Feature,
    Runaway,
    Leak,
    Deployment,
    Logins,
    SlowQuery,
    Slippage,
}

impl Story {
    /// Every story, when it begins after the start and how often it comes again (seconds), and how often it
    /// happens on a day of the history.
    pub(crate) const PLAN: [(Story, i64, i64, i64); 7] = [
        (Story::Feature, 4, 100, 6),
        (Story::SlowQuery, 9, 170, 4),
        (Story::Runaway, 14, 300, 1),
        (Story::Logins, 22, 210, 2),
        (Story::Deployment, 33, 240, 2),
        (Story::Leak, 48, 260, 1),
        (Story::Slippage, 58, 190, 3),
    ];

    pub(crate) fn play(self, scene: &mut Scene<'_>) {
        match self {
            Story::Feature => feature(scene),
            Story::Runaway => runaway(scene),
            Story::Leak => leak(scene),
            Story::SlowQuery => slow_query(scene),
            Story::Deployment => incidents::deployment(scene),
            Story::Logins => incidents::logins(scene),
            Story::Slippage => incidents::slippage(scene),
        }
    }
}

/// Question, plan, edits, tests, commit, review.
fn feature(scene: &mut Scene<'_>) {
    let agent = *scene.rng.pick(&[&BACKEND, &FRONTEND]);
    let session = scene.session(agent);
    let (ask, file, symbol, subject) = *scene.rng.pick(&[
        (
            "Please let customers cancel an order until it ships.",
            "src/orders/service.rs",
            "cancel",
            "order cancellation",
        ),
        (
            "Please show delivery dates in the cart.",
            "web/src/Cart.tsx",
            "DeliveryDate",
            "delivery dates in the cart",
        ),
        (
            "Please retry card payments that time out.",
            "src/payments/gateway.rs",
            "retry_policy",
            "payment retries",
        ),
        ("Please add gift notes to orders.", "src/orders/model.rs", "GiftNote", "gift notes"),
    ]);
    if session.hooks {
        scene.hook(&session, "SessionStart", json!({ "source": "startup" }));
    }
    scene.user_says(&session, ask, Some((Tone::Plain, format!("is asked: {ask}"))));
    let (sure, less) = (scene.rng.share(74, 93), scene.rng.share(25, 55));
    let options = [
        ("extend the existing module", "Small, and covered by its tests", sure),
        ("write a new module", "Cleaner, but touches every caller", less),
    ];
    let question = format!("How should {subject} be built?");
    let tokens = (scene.rng.around(9000), scene.rng.around(1100));
    let plan =
        Act::decision("implementation_plan", &question, &options).took(4200).tokens(tokens.0, tokens.1);
    scene.act(&session, plan.note(Tone::Plain, format!("plans {subject}")));
    for _ in 0..2 {
        let act = read(scene, file);
        scene.act(&session, act);
    }
    for _ in 0..3 {
        let act = edit(scene, file, symbol);
        scene.act(&session, act);
    }
    let failed = "test result: FAILED. 211 passed; 1 failed\n  a cancelled order is not billed";
    scene.act(&session, Act::bash("cargo test -q", "Run the tests").exits(101, failed).took(3100).writes());
    let act = edit(scene, file, symbol);
    scene.act(&session, act);
    let passed = "test result: ok. 214 passed; 0 failed; finished in 2.94s";
    let note = format!("tests of {subject} pass, 214 of 214");
    scene.act(
        &session,
        Act::bash("cargo test -q", "Run the tests").prints(passed).took(2900).writes().note(Tone::Good, note),
    );
    commit(scene, &session, subject);
    review(scene, &session, subject);
}

fn commit(scene: &mut Scene<'_>, session: &Session, subject: &str) {
    let branch = format!("feat/{}", subject.replace(' ', "-"));
    let output = format!("[{branch} {}] feat: {subject}\n 3 files changed, 84 insertions(+)", session.commit);
    let command = format!("git commit -am 'feat: {subject}'");
    scene.act(session, Act::bash(&command, "Commit").prints(&output).took(180).writes());
    let pushed = format!("To github.com:acme/shop\n * [new branch] {branch}");
    let act =
        Act::bash(&format!("git push -u origin {branch}"), "Push the branch").prints(&pushed).took(1300);
    scene.act(session, act.writes().note(Tone::Plain, format!("pushes {branch}")));
    let number = scene.rng.between(1200, 1990);
    let parameters =
        json!({ "repository": "acme/shop", "title": format!("feat: {subject}"), "head": branch });
    let act =
        Act::skill("github", "create_pull_request", parameters).result(json!({ "number": number })).took(720);
    scene.act(session, act.writes());
}

fn review(scene: &mut Scene<'_>, session: &Session, subject: &str) {
    let title = format!("Review request: {subject}");
    let request = Message {
        subject: &title,
        content: "Please review the change, the tests pass.",
        priority: "high",
        stage: "code_review",
        attachments: &["change.patch"],
        answer: None,
    };
    scene.message(session, &REVIEWER, &request, Some((Tone::Plain, format!("asks for review of {subject}"))));
    let reviewer = scene.session(&REVIEWER);
    let sure = scene.rng.share(80, 96);
    let options =
        [("approve", "Clear, tested and small", sure), ("request_changes", "One name could be better", 0.22)];
    let question = format!("Is {subject} ready to merge?");
    let act = Act::decision("quality_gate_decision", &question, &options).took(3800).tokens(11_800, 640);
    scene.act(&reviewer, act.note(Tone::Good, format!("approves {subject}")));
    let answer = Message {
        subject: &title,
        content: "Approved.",
        priority: "normal",
        stage: "code_review",
        attachments: &[],
        answer: Some(("48s", "approved", "Clear, tested and small")),
    };
    scene.message(&reviewer, session.agent, &answer, None);
    scene.stops(session);
}

/// The same failing command again and again, each time with a longer and dearer context.
fn runaway(scene: &mut Scene<'_>) {
    let agent = *scene.rng.pick(&[&TESTER, &FRONTEND]);
    let mut session = scene.session(agent);
    // Hooks tell no tokens, and the growing cost is the point here.
    session.hooks = false;
    let (command, output) = *scene.rng.pick(&[
        (
            "npm test -- checkout.spec.ts",
            "FAIL web/tests/checkout.spec.ts\n  Cannot find module './fixtures/cart'",
        ),
        ("npx tsc --noEmit -p web", "web/src/Cart.tsx(41,7): error TS2322: Type 'string' is not assignable"),
        ("docker compose up -d api-test", "Error: bind for 127.0.0.1:5433 failed: port is already allocated"),
    ]);
    let (mut context, mut spent) = (scene.rng.between(7_000, 12_000), 0);
    for round in 1..=scene.rng.between(36, 48) {
        scene.wait(80, 260);
        let took = scene.rng.between(700, 1300);
        let act = Act::bash(command, "Try again").exits(1, output).took(took).writes();
        let act = act.tokens(context, scene.rng.between(140, 420));
        spent += act.cost_micros(agent);
        context += scene.rng.between(2_400, 4_800);
        let dollars = spent as f64 / 1e6;
        let act = match round {
            6 => act.note(Tone::Odd, format!("runs `{command}` for the 6th time, it fails the same way")),
            _ if round % 12 == 0 => act.note(
                Tone::Bad,
                format!("runs `{command}` for the {round}th time … failed, ${dollars:.2} spent"),
            ),
            _ => act,
        };
        scene.act_now(&session, act);
    }
}

/// Secrets that never were any, put together here so that no scanner takes this source for a leak.
struct Fakes {
    key_id: String,
    key: String,
    password: String,
    email: String,
    card: String,
}

impl Fakes {
    fn new(scene: &mut Scene<'_>) -> Fakes {
        const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let (first, last) = *scene.rng.pick(&[("maria", "lopez"), ("jonas", "weber"), ("aiko", "tanaka")]);
        // Numbers that card networks publish for tests.
        let card = *scene.rng.pick(&[["4111", "1111", "1111", "1111"], ["5555", "5555", "5555", "4444"]]);
        Fakes {
            key_id: ["AK", "IA", &scene.rng.text(UPPER, 16)].concat(),
            // One of each kind, as a random key of this length has.
            key: ["aZ7", &scene.rng.text(MIXED, 37)].concat(),
            password: format!("{}-{}!", scene.rng.text(MIXED, 8), scene.rng.between(10, 99)),
            email: format!("{first}.{last}{}mail.example.com", '@'),
            card: card.join(" "),
        }
    }
}

/// A command prints credentials, and a message passes them on with a customer's data.
fn leak(scene: &mut Scene<'_>) {
    let fakes = Fakes::new(scene);
    let mut session = scene.session(&BACKEND);
    session.hooks = scene.rng.chance(30);
    let ask = "Uploads of invoices fail in staging, can you find out why?";
    scene.user_says(&session, ask, None);
    let act = read(scene, "deploy/api.yaml");
    scene.act(&session, act);
    let output = format!(
        "AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\nAWS_REGION=eu-central-1\nLOG_LEVEL=debug",
        fakes.key_id, fakes.key
    );
    let act = Act::bash(
        "kubectl exec deploy/api -n staging -- env | grep -i -e aws -e log",
        "Show the environment",
    )
    .prints(&output)
    .took(640)
    .touches("kubernetes_pod", "staging/api");
    scene.act(&session, act.note(Tone::Bad, "prints the environment of staging: a cloud key is in it"));
    let config =
        json!({ "host": "db.staging.internal", "user": "shop", "password": fakes.password, "pool": 20 });
    let act = Act::skill("vault", "read", json!({ "path": "staging/database" }))
        .result(json!({ "config": config }))
        .took(90)
        .touches("secret", "staging/database")
        .sensitive();
    scene.act(&session, act.note(Tone::Odd, "reads the database password of staging"));
    let content = format!(
        "Reproduce it with {{\"user\": \"shop\", \"password\": \"{}\"}}; the customer is {}, card {}.",
        fakes.password, fakes.email, fakes.card
    );
    let message = Message {
        subject: "How to reproduce the failed upload",
        content: &content,
        priority: "high",
        stage: "debugging",
        attachments: &["request.har"],
        answer: None,
    };
    scene.message(
        &session,
        &TRIAGE,
        &message,
        Some((Tone::Bad, "sends a password and a customer's card number to support/triage".into())),
    );
    let act = Act::bash("aws s3 ls s3://acme-invoices-staging", "List the bucket")
        .exits(254, "An error occurred (AccessDenied) when calling the ListObjectsV2 operation")
        .took(1200);
    scene.act(&session, act);
    scene.stops(&session);
}

/// A query that takes longer than anybody waits, its reason, and its cure.
fn slow_query(scene: &mut Scene<'_>) {
    let session = scene.session(&ETL);
    let (table, column) =
        *scene.rng.pick(&[("order_events", "customer"), ("clicks", "campaign"), ("ledger", "account")]);
    let preview =
        format!("SELECT {column}, count(*) FROM {table} WHERE at > now() - interval '90 days' GROUP BY 1");
    let parameters = json!({ "query_preview": preview, "tables_accessed": [table] });
    let seconds = scene.rng.between(12, 26);
    let query = || {
        Act::skill("postgres", "query", parameters.clone())
            .touches("database_table", &format!("public.{table}"))
    };
    let slow = query()
        .result(json!({ "rows_returned": 48_211, "execution_time_ms": seconds * 1000 }))
        .took(seconds * 1000)
        .note(Tone::Odd, format!("waits {seconds} s for a query on {table}"));
    scene.act(&session, slow);
    let message = format!("AGENT_SLOW: {} exceeded 3s threshold ({seconds}.0s)", ETL.id);
    scene.raw(&session, json!({ "levelname": "WARNING", "name": "etl.runner", "message": message }), None);
    let cancelled =
        query().fails("QueryCanceled", "canceling statement due to statement timeout").took(15_000);
    scene.act(&session, cancelled.note(Tone::Bad, format!("query on {table} … cancelled after 15 s")));
    let plan = format!("Seq Scan on {table}  (cost=0.00..918221.40 rows=48211 width=40)");
    let act = Act::skill("postgres", "explain", json!({ "query_preview": format!("EXPLAIN {preview}") }));
    scene.act(&session, act.result(json!({ "plan": plan })).took(14));
    let sure = scene.rng.share(81, 95);
    let options = [
        ("create_index", "The plan reads the whole table", sure),
        ("run_at_night", "Nobody waits for it then", 0.41),
    ];
    let question = format!("How can the query on {table} become fast?");
    scene.act(&session, Act::decision("performance_optimization", &question, &options).took(1900));
    let index = format!("CREATE INDEX CONCURRENTLY ON {table} (at, {column})");
    let act =
        Act::skill("postgres", "execute", json!({ "query_preview": index, "tables_accessed": [table] }))
            .result(json!({ "rows_affected": 0 }))
            .took(4800)
            .admin();
    scene.act(&session, act);
    let fast = query().result(json!({ "rows_returned": 48_213, "execution_time_ms": 71 })).took(74);
    scene.act(&session, fast.note(Tone::Good, format!("query on {table} takes 74 ms now")));
}
