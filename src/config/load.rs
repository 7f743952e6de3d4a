//! From files and variables to a checked configuration.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::people::Zone;
use crate::people::ical::CALENDAR_BYTES_MAX;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::source::{BYTES_MAX, Source, Span};
use crate::playbook::yaml::{Data, Node, parse};

use super::code::UNREADABLE;
use super::coverage::Places;
use super::findings::Findings;
use super::layers::Layers;
use super::mask::masked;
use super::model::Config;
use super::read::Reader;
use super::secret::SECRET_BYTES_MAX;

/// The file that is read when none is named and it exists.
pub const DEFAULT_FILE: &str = "firebell.yaml";

/// What the command line says about the configuration.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`: the file; must exist when given.
    pub config: Option<PathBuf>,
    /// `--data`: the data directory.
    pub data: Option<PathBuf>,
    /// `--listen`: where the server listens.
    pub listen: Option<String>,
}

/// A usable configuration and what should still be looked at.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Warnings.
    pub warnings: Findings,
    /// The file it came from; none where there is none.
    pub file: Option<PathBuf>,
    pub(super) places: Places,
}

/// Everything a configuration is made of, so that making it touches nothing else.
pub struct Inputs<'a> {
    /// The file's name as people know it, and its bytes.
    pub file: Option<(&'a str, &'a [u8])>,
    /// The directory that relative paths in the file are meant from.
    pub dir: &'a Path,
    /// The environment.
    pub env: &'a BTreeMap<String, String>,
    /// The command line.
    pub flags: &'a Flags,
    /// Reads a file that holds a secret.
    pub secret_file: &'a dyn Fn(&Path) -> io::Result<String>,
    /// Reads a calendar file.
    pub calendar_file: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
    /// The present instant: around it calendars are read.
    pub now: Timestamp,
}

/// Loads the configuration from disk: the file named by the flag, else by `FIREBELL_CONFIG`, else
/// [`DEFAULT_FILE`] in the working directory if there is one.
///
/// # Errors
/// Everything wrong with it; a named file that cannot be read.
pub fn load(
    flags: &Flags,
    env: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<Loaded, Findings> {
    let (path, is_named) = place(flags, env);
    let name = path.display().to_string();
    let bytes = match read_bounded(&path, BYTES_MAX) {
        Ok(bytes) => Some(bytes),
        Err(why) if why.kind() == io::ErrorKind::NotFound && !is_named => None,
        Err(why) => return Err(unreadable(&name, &why)),
    };
    let inputs = Inputs {
        file: bytes.as_deref().map(|bytes| (name.as_str(), bytes)),
        dir: path.parent().unwrap_or(Path::new("")),
        env,
        flags,
        secret_file: &|path| {
            String::from_utf8(read_bounded(path, SECRET_BYTES_MAX)?)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
        },
        calendar_file: &|path| read_bounded(path, CALENDAR_BYTES_MAX),
        now,
    };
    let mut loaded = read(&inputs)?;
    loaded.file = bytes.is_some().then_some(path);
    Ok(loaded)
}

/// Finds the zone that the configuration tells times in, without judging anything else of it:
/// for those who only print. `None` where it names none that there is.
#[must_use]
pub fn timezone(flags: &Flags, env: &BTreeMap<String, String>) -> Option<Zone> {
    let named = |name: &str| Zone::named(name).ok();
    if let Some(name) = env.get("FIREBELL_TIMEZONE") {
        return named(name);
    }
    let bytes = read_bounded(&place(flags, env).0, BYTES_MAX).ok()?;
    let root = parse(&Source::from_bytes(DEFAULT_FILE, &bytes).ok()?).ok()?;
    match &root.get("timezone")?.data {
        Data::String(name) => named(name),
        _ => None,
    }
}

/// Tells where the file is, and whether somebody named it.
fn place(flags: &Flags, env: &BTreeMap<String, String>) -> (PathBuf, bool) {
    let named = flags.config.clone().or_else(|| env.get("FIREBELL_CONFIG").map(PathBuf::from));
    let is_named = named.is_some();
    (named.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE)), is_named)
}

/// Makes a configuration of its inputs.
///
/// # Errors
/// Everything wrong with it, not only the first.
pub fn read(inputs: &Inputs<'_>) -> Result<Loaded, Findings> {
    let (source, root) = parsed(inputs)?;
    let shown = masked(&source, Some(&root));
    let mut out = Diagnostics::new(shown.clone());
    let mut layers = Layers::over(&shown);
    let root = layers.environment(root, inputs.env, &mut out);
    let mut flags = Vec::new();
    if let Some(listen) = &inputs.flags.listen {
        flags.push(("listen", listen.clone()));
    }
    let root = layers.flags(root, &flags, &mut out);
    let places = Places::of(&shown, &root);
    let config = Reader::new(inputs, &mut out).config(&root);
    let refused = out.has_errors();
    let findings = Findings::new(layers.split(&out));
    match config {
        Some(config) if !refused => Ok(Loaded { config, warnings: findings, file: None, places }),
        _ => Err(findings),
    }
}

/// Parses the file; none, and one that holds only comments, is an empty mapping.
fn parsed(inputs: &Inputs<'_>) -> Result<(Source, Node), Findings> {
    let (name, bytes) = inputs.file.unwrap_or((DEFAULT_FILE, b""));
    let source = Source::from_bytes(name, bytes)
        .map_err(|rejected| only(&rejected.source, *rejected.diagnostic))?;
    let empty = |span| Node { span, data: Data::Map(Vec::new()) };
    let says_nothing = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if source.text().lines().all(says_nothing) {
        return Ok((source, empty(Span::default())));
    }
    match parse(&source) {
        Ok(node) if node.is_null() => Ok((source, empty(node.span))),
        Ok(node) => Ok((source, node)),
        Err(diagnostic) => Err(only(&source, *diagnostic)),
    }
}

/// Makes a collection of the one finding that keeps a file from being read at all.
fn only(source: &Source, diagnostic: Diagnostic) -> Findings {
    let mut out = Diagnostics::new(masked(source, None));
    out.push(diagnostic);
    Findings::new(vec![out])
}

/// Reads a file without ever holding more than one byte over its bound.
fn read_bounded(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    std::fs::File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(name: &str, why: &io::Error) -> Findings {
    let source = Source::new(name, "").unwrap_or_else(|rejected| rejected.source);
    let mut out = Diagnostics::new(source);
    out.push(
        Diagnostic::new(
            UNREADABLE,
            both!("读不到配置文件：{why}", "cannot read the configuration: {why}"),
        )
        .help(both!(
            "检查 `--config` 或 `FIREBELL_CONFIG` 的路径和权限",
            "check the path and permissions of `--config` or `FIREBELL_CONFIG`"
        )),
    );
    Findings::new(vec![out])
}
