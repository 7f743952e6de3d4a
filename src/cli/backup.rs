//! `firebell backup` and `firebell restore`: one verified archive, taken while the server runs.

use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use super::args::{Backup, Common, Restore};
use super::client::Client;
use super::exit::{Exit, Stop};
use super::progress;
use super::screen::Screen;
use super::settings;
use super::verify::refused;
use crate::store::backup;
use crate::text;
use crate::text::system;

/// Fetches an archive from the running server. The file appears under its name only when it is
/// whole and on the disk.
///
/// # Errors
/// The server's problem; the disk.
pub async fn save(args: &Backup, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let partial = beside(&args.to, "partial");
    let mut answer = client.stream("/api/v1/backup").await?;
    let mut file = File::create(&partial)?;
    let bar = progress::bar(screen, answer.content_length(), true);
    loop {
        let piece = answer.chunk().await.map_err(|error| {
            let _ = fs::remove_file(&partial);
            Stop::new(Exit::Unavailable, error.to_string())
        })?;
        let Some(piece) = piece else { break };
        file.write_all(&piece)?;
        bar.inc(piece.len() as u64);
    }
    file.sync_all()?;
    bar.finish_and_clear();
    let checked = check(&partial, screen);
    if checked.is_err() {
        let _ = fs::remove_file(&partial);
    }
    checked?;
    fs::rename(&partial, &args.to)?;
    let to = args.to.display();
    screen.remark(&format!("备份已写入 {to} 并通过校验"), &format!("saved to {to} and verified"));
    Ok(())
}

/// Proves that an archive can be restored, by restoring it beside itself and throwing that away.
fn check(archive: &Path, screen: &Screen) -> Result<(), Stop> {
    let trial = beside(archive, "trial");
    let restored = backup::restore(&mut BufReader::new(File::open(archive)?), &trial);
    let _ = fs::remove_dir_all(&trial);
    restored.map(drop).map_err(|error| refused(screen, &error))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Unpacks an archive into the data folder, which must hold no store yet.
///
/// # Errors
/// The archive is damaged; the folder holds a store.
pub fn restore(args: &Restore, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let config = settings::load(common, None, screen)?.config;
    let file = File::open(&args.from).map_err(|error| {
        let why = system::why(&error, screen.lang);
        Stop::new(Exit::NotFound, format!("{}: {why}", args.from.display()))
    })?;
    let bar = progress::bar(screen, file.metadata().ok().map(|meta| meta.len()), true);
    let restored = backup::restore(&mut bar.wrap_read(BufReader::new(file)), &config.data);
    bar.finish_and_clear();
    let audit = restored.map_err(|error| refused(screen, &error))?.audit;
    let (incidents, events, data) = (audit.incidents, audit.events, config.data.display());
    let restored =
        [text::count(incidents, "incident", "incidents"), text::count(events, "event", "events")]
            .join(", ");
    screen.remark(
        &format!("已恢复到 {data}：{incidents} 个事件、{events} 条记录，链校验通过"),
        &format!("restored into {data}: {restored}, chains verified"),
    );
    Ok(())
}
