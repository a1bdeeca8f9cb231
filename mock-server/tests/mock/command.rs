//! The command `clear-street-mock`.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::http::{AUTHORIZED, send_to};

/// A program that runs; it is killed at the end of a test, whatever came of it.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clear-street-mock"));
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The lines up to one that begins so.
    fn until(&mut self, beginning: &str) -> Vec<String> {
        let mut read = Vec::new();
        loop {
            let line = self.lines.next().unwrap_or_else(|| panic!("no {beginning} in {read:#?}")).unwrap();
            let is_last = line.starts_with(beginning);
            read.push(line);
            if is_last {
                return read;
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_where_it_is_logs_requests_and_ends_cleanly() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--stateless", "--seed", "3"]);
    let introduction = program.until("Ctrl-C").join("\n");
    let address = introduction.lines().next().unwrap().strip_prefix("mock: listening on http://").unwrap();
    for line in [
        format!("export CLEAR_STREET_BASE_URL=http://{address}"),
        "export CLEAR_STREET_API_KEY=mock.key".to_owned(),
        format!("export CLEAR_STREET_STUDIO_BASE_URL=http://{address}/studio/v2"),
        format!("export CLEAR_STREET_TOKEN_URL=http://{address}/oauth/token"),
    ] {
        assert!(introduction.lines().any(|known| known == line), "{line}\n{introduction}");
    }
    assert!(!introduction.contains("CAUTION"), "{introduction}");

    let answer =
        send_to(address.parse().unwrap(), "GET /v1/accounts/7/orders?page_size=1", AUTHORIZED, "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let logged = program.until("GET ").pop().unwrap();
    assert!(logged.starts_with("GET /v1/accounts/7/orders?page_size=1 get_orders 200 "), "{logged}");

    let interrupt = Command::new("kill").args(["-INT", &program.child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    program.until("mock: finishing what was begun");
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
}

#[test]
fn it_warns_who_lets_other_machines_in() {
    let mut program = Program::start(&["--listen", "0.0.0.0:0", "--api", "trading"]);
    let introduction = program.until("Ctrl-C").join("\n");
    assert!(introduction.contains("CAUTION: other machines can reach it"), "{introduction}");
    assert!(!introduction.contains("STUDIO"), "{introduction}");
}

#[test]
fn what_cannot_be_served_is_said() {
    let output = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_clear-street-mock")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, text) = output(&["--listen", &address]);
    assert_eq!(code, Some(2));
    assert!(text.starts_with(&format!("mock: cannot listen on {address}: ")), "{text}");
    let (code, text) = output(&["--faults", "/no/such/file"]);
    assert_eq!(code, Some(2));
    assert!(text.starts_with("mock: cannot read /no/such/file: "), "{text}");
}
