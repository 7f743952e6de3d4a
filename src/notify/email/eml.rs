//! E-mail written as `.eml` files: the way out of an installation that configures none. A person
//! opens the files with any mail program; nothing leaves the machine.

use std::io;
use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;

use super::compose::{Sender, compose};
use crate::notify::channel::{Channel, Delivery};
use crate::notify::outgoing::Outgoing;
use crate::notify::setup::SetupError;
use crate::notify::why::{Why, WhyCode};

/// Where the files go.
#[derive(Debug, Clone)]
pub struct EmlSettings {
    /// The directory, made when the first file is written.
    pub directory: PathBuf,
    /// Who the mail comes from.
    pub from: String,
}

/// The channel.
#[derive(Debug)]
pub struct Eml {
    directory: PathBuf,
    sender: Sender,
}

impl Eml {
    /// Builds the channel.
    ///
    /// # Errors
    /// A sender that is no mailbox.
    pub fn new(settings: EmlSettings) -> Result<Self, SetupError> {
        Ok(Self { directory: settings.directory, sender: Sender::parse(&settings.from)? })
    }

    async fn write(&self, outgoing: &Outgoing) -> Delivery {
        let message = match compose(&self.sender, outgoing) {
            Ok(message) => message.formatted(),
            Err(why) => return Delivery::Refused { why },
        };
        match write_whole(&self.directory, &file_name(outgoing), &message).await {
            Ok(()) => Delivery::Delivered,
            Err(error) => {
                Delivery::Retry { after: None, why: Why::with(WhyCode::DiskFailed, error) }
            }
        }
    }
}

impl Channel for Eml {
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Delivery> {
        Box::pin(self.write(outgoing))
    }
}

/// Names the file so that a listing sorts by time and a second delivery of the same notice
/// overwrites the first rather than doubling it.
fn file_name(outgoing: &Outgoing) -> String {
    let facts = outgoing.facts();
    let written = facts.at.strftime("%Y%m%dT%H%M%S%6fZ");
    let number = facts.incident.as_ref().map_or(0, |incident| incident.number);
    format!("{written}-{number:06}-{}.eml", facts.notice)
}

/// Writes a file that appears under its name only when it is whole.
async fn write_whole(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    tokio::fs::create_dir_all(directory).await?;
    let partial = directory.join(format!(".{name}.partial"));
    tokio::fs::write(&partial, bytes).await?;
    tokio::fs::rename(&partial, directory.join(name)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::email::compose::tests::{INCIDENT_NUMBER, outgoing};
    use crate::text::Lang;

    fn eml(directory: &Path) -> Eml {
        let from = "值守 <firebell@shop.example>".to_owned();
        Eml::new(EmlSettings { directory: directory.to_owned(), from }).unwrap()
    }

    fn files(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        let name = |entry: io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries.map(|e| name(e).into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_message_becomes_one_whole_file_however_often_it_is_sent() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("data/outbox");
        let eml = eml(&directory);
        for _ in 0..2 {
            assert_eq!(eml.send(&outgoing(Lang::Zh, false)).await, Delivery::Delivered);
        }
        let names = files(&directory);
        assert_eq!(names.len(), 1, "{names:?}");
        assert!(names[0].starts_with("20261121T190000000000Z-"), "{names:?}");
        assert!(names[0].contains(&format!("{INCIDENT_NUMBER:06}")), "{names:?}");
        let text = std::fs::read_to_string(directory.join(&names[0])).unwrap();
        assert!(text.contains("To: li@shop.example"), "{text}");
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_made_is_tried_again_later() {
        let home = tempfile::tempdir().unwrap();
        let blocker = home.path().join("file");
        std::fs::write(&blocker, "").unwrap();
        let delivery = eml(&blocker).send(&outgoing(Lang::En, false)).await;
        let Delivery::Retry { why, .. } = delivery else { panic!("{delivery:?}") };
        assert_eq!(why.code, WhyCode::DiskFailed);
    }
}
