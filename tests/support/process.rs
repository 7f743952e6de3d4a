//! A server as a process of its own, for benches and for tests that kill it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server; ended when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    pub token: String,
    pub home: TempDir,
    /// From the start of the process to the first successful readiness check.
    pub cold_start: Duration,
}

/// What a server begins with.
pub struct Setup {
    /// Paths from its folder, and what they hold.
    pub files: Vec<(&'static str, String)>,
    pub config: String,
    pub safe_start: bool,
}

impl Server {
    pub fn start(setup: &Setup) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(home.path().join("playbooks")).expect("a folder");
        std::fs::create_dir(home.path().join("drills")).expect("a folder");
        for (path, text) in &setup.files {
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        std::fs::write(home.path().join("firebell.yaml"), &setup.config).expect("a file");
        Self::start_in(home, setup.safe_start, None)
    }

    /// Starts again on the same folder.
    pub fn restart(mut self, safe_start: bool) -> Self {
        self.stop();
        let token = self.token.clone();
        let home = std::mem::replace(&mut self.home, tempfile::tempdir().expect("a folder"));
        Self::start_in(home, safe_start, Some(token))
    }

    fn start_in(home: TempDir, safe_start: bool, token: Option<String>) -> Self {
        let address = free_address();
        let began = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_firebell"));
        command
            .args(["serve", "--listen", &address, "--data"])
            .arg(home.path().join("data"))
            .current_dir(home.path())
            .env("FIREBELL_LOG", "error")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        if safe_start {
            command.arg("--safe-start");
        }
        let mut child = command.spawn().expect("the server starts");
        let stdout = child.stdout.take().expect("its output is read");
        let token = token.unwrap_or_else(|| first_token(BufReader::new(stdout)));
        wait_ready(&address);
        let cold_start = began.elapsed();
        Self { child, address, token, home, cold_start }
    }

    /// Ends it at once, as a power cut of the process would, and keeps its folder.
    pub fn kill(&mut self) {
        self.stop();
    }

    /// Returns its resident memory in MiB.
    pub fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or("");
        let kib: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0);
        kib / 1024.0
    }

    /// Returns the processor time it has used.
    pub fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.unwrap_or_default();
        let after = stat.rsplit(") ").next().unwrap_or("");
        let ticks = |n| after.split(' ').nth(n).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / 100.0
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn first_token(lines: impl BufRead) -> String {
    lines
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("FIREBELL_TOKEN=").map(str::to_owned))
        .expect("the first start prints a token")
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it has an address").to_string()
}

fn wait_ready(address: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if probe(address) {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("the server at {address} did not become ready");
}

fn probe(address: &str) -> bool {
    let Ok(mut stream) = std::net::TcpStream::connect(address) else { return false };
    let request = format!("GET /livez HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    if stream.write_all(request.as_bytes()).is_err() {
        return false;
    }
    let mut first = String::new();
    BufReader::new(stream).read_line(&mut first).is_ok() && first.contains(" 200 ")
}
