//! Standard input and output as lines of JSON, for rmcp: what it would not take is answered and the next line is read.
//!
//! The SDK drops such lines without a word, and whoever sent one would wait for ever.
//!
//! Limits: a line has [`MESSAGE_BYTES_MAX`] bytes; the rest of a longer one is skipped. [`REFUSED_MAX`] answers wait at
//! most, then nothing more is read.

use futures::future::BoxFuture;
use rmcp::RoleServer;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use std::io;
use tacho_mcp::limits::MESSAGE_BYTES_MAX;
use tacho_mcp::message::{Refused, readable};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::sync::mpsc::{Receiver, Sender, channel};

const REFUSED_MAX: usize = 16;
const PIPE_BYTES: usize = 64 << 10;

/// A transport for a server whose client writes lines.
pub(crate) struct Lines<W: AsyncWrite> {
    inner: AsyncRwTransport<RoleServer, DuplexStream, W>,
    /// What lines that are not handed on are answered.
    refused: Receiver<Refused>,
    /// An answer that is being written. Who waits for the next message may stop waiting in the middle of it.
    answer: Option<BoxFuture<'static, io::Result<()>>>,
}

impl<W: AsyncWrite + Send + Unpin + 'static> Lines<W> {
    /// Reads until the input ends; to be called within a runtime.
    pub(crate) fn new(input: impl AsyncRead + Send + Unpin + 'static, output: W) -> Lines<W> {
        let (own, other) = duplex(PIPE_BYTES);
        let (sender, refused) = channel(REFUSED_MAX);
        tokio::spawn(sift(BufReader::new(input), own, sender));
        // A line was measured before, without what ends it.
        let inner = AsyncRwTransport::new_server(other, output).with_max_line_length(MESSAGE_BYTES_MAX + 2);
        Lines { inner, refused, answer: None }
    }
}

impl<W: AsyncWrite + Send + Unpin + 'static> Transport<RoleServer> for Lines<W> {
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            if let Some(answer) = &mut self.answer {
                answer.await.ok()?;
                self.answer = None;
            }
            tokio::select! {
                biased;
                Some(why) = self.refused.recv() => {
                    self.answer = Some(Box::pin(self.inner.send(why.answer())));
                }
                message = self.inner.receive() => return message,
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.inner.close().await
    }
}

/// Hands on the lines that can be taken and says of the others why they can't.
async fn sift(mut input: impl AsyncBufReadExt + Unpin, mut own: DuplexStream, refused: Sender<Refused>) {
    let mut line = Vec::new();
    loop {
        let sifted = match next(&mut input, &mut line).await {
            Ok(Read::End) | Err(_) => return,
            Ok(Read::Line) if line.trim_ascii().is_empty() => continue,
            Ok(Read::Line) => readable(&line),
            Ok(Read::TooLong) => {
                Err(Refused::unread(format!("the line has more than {MESSAGE_BYTES_MAX} bytes")))
            }
        };
        let done = match sifted {
            Ok(message) => own.write_all(&message).await.is_ok() && own.write_all(b"\n").await.is_ok(),
            Err(why) => refused.send(why).await.is_ok(),
        };
        if !done {
            return;
        }
    }
}

enum Read {
    Line,
    TooLong,
    End,
}

/// The next line without its end. The last one may have none.
async fn next(input: &mut (impl AsyncBufReadExt + Unpin), line: &mut Vec<u8>) -> io::Result<Read> {
    line.clear();
    let mut size = 0_usize;
    loop {
        let available = input.fill_buf().await?;
        if available.is_empty() {
            return Ok(match size {
                0 => Read::End,
                1..=MESSAGE_BYTES_MAX => Read::Line,
                _ => Read::TooLong,
            });
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        size = size.saturating_add(part.len());
        if size <= MESSAGE_BYTES_MAX {
            line.extend_from_slice(part);
        }
        let taken = part.len() + usize::from(end.is_some());
        input.consume(taken);
        if end.is_some() {
            return Ok(if size <= MESSAGE_BYTES_MAX { Read::Line } else { Read::TooLong });
        }
    }
}
