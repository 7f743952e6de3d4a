//! Where a notice goes on one of its channels, pure. Addresses are looked up at each attempt: a
//! telephone number corrected in the middle of an incident counts from then on.

use std::fmt;

use super::why::{Why, WhyCode};
use crate::engine::Recipient;
use crate::id::ChannelId;
use crate::people::Directory;
use crate::playbook::Audience;

/// An address on a channel. It is personal data, so `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// The address in the channel's own form.
    pub address: String,
    /// It is the channel's own address, not the recipient's.
    pub shared: bool,
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination").field("shared", &self.shared).finish_non_exhaustive()
    }
}

/// Finds the recipient's address on a channel, else the channel's own.
///
/// # Errors
/// Neither exists.
pub fn destination(
    directory: &Directory,
    to: &Recipient,
    channel: &ChannelId,
    own: Option<&str>,
) -> Result<Destination, Why> {
    let theirs = match to {
        Recipient::Person(id) => directory.person(id).and_then(|p| p.address_on(channel)),
        Recipient::Audience(Audience::Partner(id)) => directory.partner(id).and_then(|partner| {
            let on_it = partner.contacts.iter().find(|contact| contact.channel == *channel);
            on_it.map(|contact| contact.address.as_str())
        }),
        Recipient::Audience(
            Audience::Role(_)
            | Audience::Team(_)
            | Audience::Customers
            | Audience::Regulators
            | Audience::Channel(_),
        ) => None,
    };
    match (theirs, own) {
        (Some(address), _) => Ok(Destination { address: address.to_owned(), shared: false }),
        (None, Some(address)) => Ok(Destination { address: address.to_owned(), shared: true }),
        (None, None) => Err(Why::with(WhyCode::NoAddress, channel)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Contact, Partner, Parts, Person};
    use crate::text::Lang;

    fn directory() -> Directory {
        let contact = |address: &str| Contact { channel: "mail".into(), address: address.into() };
        Directory::new(Parts {
            people: vec![Person {
                id: "li".into(),
                name: "李".into(),
                lang: Lang::Zh,
                contacts: vec![contact("li@shop.example")],
                drills: true,
                manner: crate::people::Manner::default(),
            }],
            partners: vec![Partner {
                id: "cloud".into(),
                title: "云".into(),
                contacts: vec![contact("noc@cloud.example")],
                verified_on: None,
            }],
            channels: ["mail".into(), "hook".into()].into(),
            ..Parts::default()
        })
        .unwrap()
    }

    #[test]
    fn the_recipient_s_own_address_comes_before_the_channel_s() {
        let directory = directory();
        let find = |to: Recipient, channel: &str, own| {
            destination(&directory, &to, &channel.into(), own).map(|d| (d.address, d.shared))
        };
        let li = || Recipient::Person("li".into());
        let cloud = || Recipient::Audience(Audience::Partner("cloud".into()));
        let own = Some("https://hook.example/");
        assert_eq!(find(li(), "mail", own), Ok(("li@shop.example".into(), false)));
        assert_eq!(find(li(), "hook", own), Ok(("https://hook.example/".into(), true)));
        assert_eq!(find(cloud(), "mail", None), Ok(("noc@cloud.example".into(), false)));
        assert_eq!(
            find(Recipient::Audience(Audience::Customers), "hook", own),
            Ok(("https://hook.example/".into(), true)),
        );
        for lost in [li(), Recipient::Person("gone".into()), cloud()] {
            assert_eq!(find(lost, "hook", None).unwrap_err().code, WhyCode::NoAddress);
        }
    }

    #[test]
    fn debug_output_never_shows_an_address() {
        let to = Destination { address: "li@shop.example".into(), shared: false };
        assert!(!format!("{to:?}").contains("shop"));
    }
}
