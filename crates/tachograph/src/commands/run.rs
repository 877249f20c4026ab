//! `serve` and `demo`: start the server and say what to do next.

use super::Serve;
use crate::config::Config;
use crate::demo;
use crate::serve::{Server, asked_to_stop, start_logs};
use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

async fn open(data: &Path, arguments: &Serve) -> Result<(Server, SocketAddr), Box<dyn Error>> {
    start_logs(arguments.log_json);
    let config = Config::read(arguments.config.as_deref(), data)?;
    let server = Server::open(data, config, arguments.listen).await?;
    let address = server.address()?;
    Ok((server, address))
}

pub(super) fn serve(data: &Path, arguments: &Serve) -> Result<bool, Box<dyn Error>> {
    runtime()?.block_on(async {
        let (server, address) = open(data, arguments).await?;
        let asked = asked_to_stop();
        drop(writeln!(std::io::stdout(), "{}", next_steps(address, &server, data)));
        let stop = Arc::new(Notify::new());
        let stopping = Arc::clone(&stop);
        tokio::spawn(async move {
            asked.await;
            stopping.notify_one();
        });
        tokio::spawn(crate::code::give_back_after_start());
        server.run(stop).await?;
        Ok(true)
    })
}

pub(super) fn demo(
    data: &Path,
    arguments: &Serve,
    events: Option<u64>,
    seed: u64,
) -> Result<bool, Box<dyn Error>> {
    runtime()?.block_on(async {
        let (server, address) = open(data, arguments).await?;
        let asked = asked_to_stop();
        drop(writeln!(std::io::stdout(), "{}", next_steps(address, &server, data)));
        drop(writeln!(std::io::stdout(), "A fleet of agents is at work now; Ctrl-C stops it.\n"));
        let stop = Arc::new(Notify::new());
        let serving = tokio::spawn({
            let stop = Arc::clone(&stop);
            async move { server.run(stop).await.map_err(|error| error.to_string()) }
        });
        let halt = Arc::new(AtomicBool::new(false));
        let fleet = tokio::task::spawn_blocking({
            let halt = Arc::clone(&halt);
            move || demo::run(address, None, seed, events, &halt).map_err(|error| error.to_string())
        });
        tokio::pin!(fleet);
        let summary = tokio::select! {
            ended = &mut fleet => ended??,
            () = asked => {
                halt.store(true, Ordering::Relaxed);
                fleet.await??
            }
        };
        stop.notify_one();
        serving.await??;
        drop(writeln!(
            std::io::stdout(),
            "\n{summary}\nThe record is in {}; look again with: tachograph --data {0} serve",
            data.display()
        ));
        Ok(true)
    })
}

/// What a newcomer does next, with this server's address.
fn next_steps(address: SocketAddr, server: &Server, data: &Path) -> String {
    // As it was called, so that what stands here can be copied.
    let program = std::env::args().next().unwrap_or_else(|| "tachograph".to_string());
    let data = data.display();
    let doors = match server.doors().join("   ") {
        doors if doors.is_empty() => format!("http://{address}/v1/otlp"),
        doors => format!("{doors}   http://{address}/v1/otlp"),
    };
    let postgres = server.postgres().map_or_else(String::new, |at| format!("\n  psql     {at}"));
    format!(
        "tachograph records in {data} and listens on http://{address}

  open     http://{address}/ in a browser
  send     curl -s http://{address}/log -d '{{\"agent\":{{\"id\":\"me\"}},\"action\":{{\"type\":\"tool\",\"name\":\"Bash\"}}}}'
  otlp     {doors}{postgres}
  look     {program} --data {data} tail
  ask      {program} --data {data} sql \"SELECT agent_id, count(*) FROM agent_audit_log GROUP BY 1 ORDER BY 2 DESC\"
  search   {program} --data {data} search deploy --status failed
  verify   {program} --data {data} verify
  more     http://{address}/v1/openapi.json   http://{address}/metrics
"
    )
}
