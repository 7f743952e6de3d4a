//! Durable appends per second through the store port, beside a bare sled writer thread that is
//! given the same keys and values, in the same run.
//!
//! `cargo bench --bench store` prints all tables, `-- event`, `-- step` and `-- declare` one of them;
//! `-- open` measures the opening of a store with a million events instead. Absolute figures
//! belong to the machine; the ratio is what counts.

#![expect(clippy::unwrap_used, reason = "a bench may fail where it stands")]

use std::fs::File;
use std::future::Future;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use firebell::engine::{Mode, Status};
use firebell::id::IncidentId;
use firebell::store::{Batch, Digest, Idempotency, Options, Sled, Store, Summary};
use firebell::text::Text;
use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::time::Instant;

const COMMITTERS: [u64; 4] = [1, 8, 64, 256];
/// Many short rounds in turns: what else the machine does hits both sides.
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(400);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Test runners start every target; only `cargo bench` passes this.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    if arguments.iter().any(|argument| argument == "open") {
        opening(&runtime);
        return;
    }
    let wanted = |shape: &Shape| arguments.len() == 1 || arguments.contains(&shape.name().into());
    for shape in [Shape::Event, Shape::Step, Shape::Declare].into_iter().filter(wanted) {
        println!("\n{}", shape.title());
        println!("committers |   store/s  p50 ms  p99 ms |    bare/s  p50 ms  p99 ms | ratio");
        for committers in COMMITTERS {
            line(&runtime, shape, committers);
        }
    }
}

/// Measures both sides in turns. The ratio is the median of the rounds' ratios.
fn line(runtime: &Runtime, shape: Shape, committers: u64) {
    let (mut store, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        store.push(measure_store(runtime, shape, committers));
        bare.push(measure_bare(runtime, shape, committers));
    }
    let mut ratios: Vec<_> =
        store.iter().zip(&bare).map(|(store, bare)| store.rate / bare.rate).collect();
    ratios.sort_by(f64::total_cmp);
    let (store, bare) = (median(store), median(bare));
    println!(
        "{committers:>10} | {:>9.0} {:>7.2} {:>7.2} | {:>9.0} {:>7.2} {:>7.2} | {:>4.0} %",
        store.rate,
        store.p50,
        store.p99,
        bare.rate,
        bare.p50,
        bare.p99,
        100.0 * ratios[ROUNDS / 2]
    );
}

/// The length of a stored row.
static ROW_BYTES: LazyLock<usize> =
    LazyLock::new(|| 50 + serde_json::to_vec(&row(1_000)).unwrap().len());

/// What one request stores.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// One event of 300 bytes, and the row: the least there is.
    Event,
    /// Four events of 300 bytes, and the row: a completed step.
    Step,
    /// Twenty events of 300 bytes with notices, the row, and the answer.
    Declare,
}

impl Shape {
    const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Step => "step",
            Self::Declare => "declare",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Event => "event: one event of 300 bytes and the row",
            Self::Step => "step: four events of 300 bytes and the row",
            Self::Declare => "declare: 20 events with 4 KiB of notices, the row, the answer",
        }
    }

    const fn events(self) -> usize {
        match self {
            Self::Event => 1,
            Self::Step => 4,
            Self::Declare => 20,
        }
    }

    /// Which incident a committer's request is about.
    const fn incident(self, committers: u64, committer: u64, turn: u64) -> u64 {
        match self {
            Self::Event | Self::Step => committer + 1,
            Self::Declare => turn * committers + committer + 1,
        }
    }

    fn batch(self, n: u64, version: u64) -> Batch {
        let events = self.events();
        let before = if self == Self::Declare { 0 } else { version * events as u64 };
        let mut batch = Batch::new(before, vec![vec![b'e'; 300]; events], row(n));
        batch.wake = Some(at(n + version));
        if self == Self::Declare {
            batch.notices = vec![b'n'; 4_096];
            batch.idempotency = Some(Idempotency {
                key: format!("key {n}"),
                fingerprint: Digest::of(b""),
                status: 201,
                body: vec![b'b'; 1_024],
                at: at(0),
            });
        }
        batch
    }

    /// The keys and values that such a request becomes, of the same lengths. A row differs from the
    /// one before, as a real one does: sled writes nothing where a value stays the same.
    fn pairs(self, n: u64, version: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
        let record = [&[b'E'][..], &id(n).as_bytes()[..], &version.to_be_bytes(), &[0; 6]].concat();
        let row_key = [&[b'R', 0][..], &n.to_be_bytes()].concat();
        let mut row = vec![b'r'; *ROW_BYTES];
        row[..8].copy_from_slice(&version.to_be_bytes());
        match self {
            Self::Event | Self::Step => {
                vec![(record, vec![b'e'; 3 + 16 + self.events() * 336]), (row_key, row)]
            }
            Self::Declare => {
                let digest = Digest::of(&n.to_be_bytes());
                let answer = [&[b'I'][..], digest.as_bytes(), &[0; 2]];
                vec![
                    (record, vec![b'e'; 3 + 16 + 20 * 336 + 4_096]),
                    (row_key, row),
                    (answer.concat(), vec![b'a'; 3 + 80 + 10 + 1_024]),
                ]
            }
        }
    }
}

fn id(n: u64) -> IncidentId {
    IncidentId::from_u128((u128::from(n) << 64) | 7)
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + i64::try_from(seconds).unwrap()).unwrap()
}

fn row(n: u64) -> Summary {
    Summary { id: id(n), number: n, ..ROW.clone() }
}

/// What all rows share: the callers shall not cost more than those of the bare writer.
static ROW: LazyLock<Summary> = LazyLock::new(|| Summary {
    id: id(0),
    number: 0,
    playbook: "service-outage".into(),
    playbook_hash: Digest::of(b"plan"),
    title: Text::both("客服系统中断", "Customer-service outage"),
    mode: Mode::Live,
    status: Status::Open,
    stuck: false,
    level: 2,
    level_provisional: false,
    phase: "respond".into(),
    detected_at: at(0),
    declared_at: at(60),
    closed_at: None,
    restricted: false,
    involved: Vec::new(),
    dedup_key: None,
    version: 0,
    pending_notices: 2,
    open_clocks: 0,
});

/// What was measured.
struct Figures {
    rate: f64,
    p50: f64,
    p99: f64,
}

fn median(mut figures: Vec<Figures>) -> Figures {
    figures.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    figures.remove(figures.len() / 2)
}

/// Lets each committer make one request after the other for a round.
fn closed_loop<F, Fut>(runtime: &Runtime, committers: u64, request: F) -> Figures
where
    F: Fn(u64, u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let begun = Instant::now();
    let tasks: Vec<_> = (0..committers)
        .map(|committer| {
            let request = request.clone();
            runtime.spawn(async move {
                let mut latencies = Vec::new();
                while begun.elapsed() < ROUND {
                    let asked = Instant::now();
                    request(committer, latencies.len() as u64).await;
                    latencies.push(asked.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut latencies: Vec<Duration> =
        tasks.into_iter().flat_map(|task| runtime.block_on(task).unwrap()).collect();
    let took = begun.elapsed();
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    Figures {
        rate: latencies.len() as f64 / took.as_secs_f64(),
        p50: at(0.5).as_secs_f64() * 1e3,
        p99: at(0.99).as_secs_f64() * 1e3,
    }
}

fn measure_store(runtime: &Runtime, shape: Shape, committers: u64) -> Figures {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Sled::open(dir.path(), Options::default()).unwrap().store);
    closed_loop(runtime, committers, move |committer, turn| {
        let store = Arc::clone(&store);
        async move {
            let n = shape.incident(committers, committer, turn);
            store.append(shape.batch(n, turn)).await.unwrap();
        }
    })
}

type Bare = (Vec<(Vec<u8>, Vec<u8>)>, oneshot::Sender<()>);

/// The least that durable group commit needs: a queue, a batch, a flush, an fdatasync.
fn bare_writer(db: &sled::Db, file: &File, requests: &Receiver<Bare>) {
    while let Ok(first) = requests.recv() {
        let mut batch = sled::Batch::default();
        let mut replies = Vec::new();
        let mut next = Some(first);
        while let Some((pairs, reply)) = next.take() {
            for (key, value) in pairs {
                batch.insert(key, value);
            }
            replies.push(reply);
            if replies.len() < 512 {
                next = requests.try_recv().ok();
            }
        }
        db.apply_batch(batch).unwrap();
        db.flush().unwrap();
        file.sync_data().unwrap();
        for reply in replies {
            let _ = reply.send(());
        }
    }
}

fn measure_bare(runtime: &Runtime, shape: Shape, committers: u64) -> Figures {
    let dir = tempfile::tempdir().unwrap();
    let (sender, requests): (SyncSender<Bare>, _) = sync_channel(8_192);
    let config = sled::Config::new().path(dir.path()).segment_size(8 << 20);
    let db = config.cache_capacity(64 << 20).flush_every_ms(None).open().unwrap();
    let file = File::options().write(true).open(dir.path().join("db")).unwrap();
    let writer = std::thread::spawn(move || bare_writer(&db, &file, &requests));
    let figures = closed_loop(runtime, committers, move |committer, turn| {
        let sender = sender.clone();
        async move {
            let n = shape.incident(committers, committer, turn);
            let (reply, done) = oneshot::channel();
            sender.send((shape.pairs(n, turn), reply)).unwrap();
            done.await.unwrap();
        }
    });
    writer.join().unwrap();
    figures
}

/// Measures how long a store takes to open.
fn opening(runtime: &Runtime) {
    const INCIDENTS: u64 = 20_000;
    const OPEN: u64 = 1_000;
    let dir = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    drop(Sled::open(dir.path(), Options::default()).unwrap());
    println!("open, empty and new: {:?}", begun.elapsed());
    let store = Sled::open(dir.path(), Options::default()).unwrap().store;
    let begun = Instant::now();
    let mut pending = Vec::new();
    for n in 1..=INCIDENTS {
        for turn in 0..5 {
            let mut batch = Batch::new(turn * 10, vec![vec![b'e'; 300]; 10], row(n));
            if turn == 4 && n > OPEN {
                batch.summary.status = Status::Closed;
            }
            pending.push(store.append(batch));
        }
        if pending.len() > 1_000 {
            for one in pending.drain(..) {
                runtime.block_on(one).unwrap();
            }
        }
    }
    for one in pending {
        runtime.block_on(one).unwrap();
    }
    println!("1,000,000 events stored in {:?}, {:?}", begun.elapsed(), store.stats());
    drop(store);
    for attempt in 1..=3 {
        let begun = Instant::now();
        let opened = Sled::open(dir.path(), Options::default()).unwrap();
        println!("open {attempt}: {:?}, {} active", begun.elapsed(), opened.report.active);
        drop(opened);
    }
}
