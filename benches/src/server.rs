//! The server of the calls, in a process of its own.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::jobs::bodies;

/// Argument of the server's process.
pub(crate) const SERVE: &str = "serve";

/// The running server; it ends with this value.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let program = std::env::current_exe()?;
        let mut process = Command::new(program).arg(SERVE).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Either it is still there, or there is nothing to end.
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// Prints its address and answers until it is killed.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || answer(&stream));
    }
    Ok(())
}

/// Answers the requests of one connection, which have no bodies.
fn answer(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let [clock, orders] = [bodies::clock(), bodies::envelope(&bodies::orders())].map(|body| {
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
    });
    let mut wants_orders = false;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if line.starts_with("GET ") {
            wants_orders = line.contains("/orders");
        }
        if line.is_empty() {
            stream.write_all(if wants_orders { orders.as_bytes() } else { clock.as_bytes() })?;
        }
    }
    Ok(())
}
