//! A notification of Nagios or Icinga, as its macros stand in the environment of a command
//! (assets.nagios.com, "Standard Macros in Nagios"), written as firebell's own JSON.

use serde_json::{Map, Value as Json, json};

use super::Fault;

/// What the names of macros begin with in the environment.
pub const PREFIX: &str = "NAGIOS_";
/// Macros that become annotations, with their names there.
const ANNOTATIONS: [(&str, &str); 7] = [
    ("HOSTADDRESS", "address"),
    ("HOSTALIAS", "alias"),
    ("NOTIFICATIONAUTHOR", "author"),
    ("NOTIFICATIONCOMMENT", "note"),
    ("LONGSERVICEOUTPUT", "long_output"),
    ("SERVICEDURATION", "duration"),
    ("CONTACTNAME", "contact"),
];

/// Writes a notification; `None` for one that is no news of trouble, such as the begin of a downtime.
/// `macros` finds a macro by its name without the prefix.
///
/// # Errors
/// No host is named: the macros are not in the environment.
pub fn alert(macros: impl Fn(&str) -> Option<String>) -> Result<Option<Json>, Fault> {
    let find = |name: &str| macros(name).filter(|value| !value.trim().is_empty());
    let host = find("HOSTNAME").ok_or_else(|| {
        Fault::at(
            "NAGIOS_HOSTNAME",
            "环境中没有 NAGIOS_ 宏；Nagios 需要 enable_environment_macros=1，Icinga 需要在 \
             NotificationCommand 的 env 中列出",
            "no NAGIOS_ macros are in the environment; Nagios needs enable_environment_macros=1, \
             Icinga the `env` of its NotificationCommand",
        )
    })?;
    let kind = find("NOTIFICATIONTYPE").unwrap_or_else(|| "PROBLEM".to_owned());
    let status = match kind.as_str() {
        "RECOVERY" => "resolved",
        "ACKNOWLEDGEMENT" => "acknowledged",
        "PROBLEM" | "CUSTOM" => "firing",
        _ => return Ok(None),
    };
    let service = find("SERVICEDESC");
    let of = |of_service: &str, of_host: &str| match service {
        Some(_) => find(of_service),
        None => find(of_host),
    };
    let mut labels = Map::new();
    let groups = of("SERVICEGROUPNAMES", "HOSTGROUPNAMES");
    for (key, value) in [
        ("host", Some(host.clone())),
        ("service", service.clone()),
        ("state", of("SERVICESTATE", "HOSTSTATE")),
        ("notification", Some(kind)),
        ("groups", groups),
    ] {
        labels.extend(value.map(|value| (key.to_owned(), Json::from(value))));
    }
    let mut annotations = Map::new();
    let output = of("SERVICEOUTPUT", "HOSTOUTPUT");
    annotations.extend(output.map(|value| ("output".to_owned(), Json::from(value))));
    for (name, key) in ANNOTATIONS {
        annotations.extend(find(name).map(|value| (key.to_owned(), Json::from(value))));
    }
    let key = service.as_ref().map_or_else(|| host.clone(), |service| format!("{host}/{service}"));
    Ok(Some(json!({
        "name": service.clone().unwrap_or_else(|| "host".to_owned()),
        "status": status,
        "dedup_key": key,
        "severity": of("SERVICESTATE", "HOSTSTATE"),
        "labels": labels,
        "annotations": annotations,
        "at": of("LASTSERVICESTATECHANGE", "LASTHOSTSTATECHANGE"),
        "link": of("SERVICENOTESURL", "HOSTNOTESURL"),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::ingest::{News, generic};

    fn of(pairs: &[(&str, &str)]) -> Result<Option<Json>, Fault> {
        let find = |name: &str| pairs.iter().find(|(key, _)| *key == name);
        alert(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_problem_and_its_recovery_are_one_trouble() {
        let service = |kind: &str, state: &str| {
            of(&[
                ("NOTIFICATIONTYPE", kind),
                ("HOSTNAME", "db1"),
                ("HOSTSTATE", "UP"),
                ("SERVICEDESC", "Disk"),
                ("SERVICESTATE", state),
                ("SERVICEOUTPUT", "97% used"),
                ("LASTSERVICESTATECHANGE", "1795250578"),
                ("NOTIFICATIONCOMMENT", ""),
            ])
            .unwrap()
            .unwrap()
        };
        let read = |body: &Json| generic::read(&"nagios".into(), body, "").unwrap();
        let problem = read(&service("PROBLEM", "CRITICAL"));
        assert_eq!((problem.name.as_str(), problem.dedup_key.as_str()), ("Disk", "db1/Disk"));
        assert_eq!((&*problem.labels["state"], &*problem.labels["host"]), ("CRITICAL", "db1"));
        assert_eq!(problem.annotations["output"], "97% used");
        assert!(!problem.annotations.contains_key("note"));
        assert_eq!(problem.at.unwrap().as_second(), 1_795_250_578);
        let over = read(&service("RECOVERY", "OK"));
        assert_eq!((over.status, over.dedup_key), (News::Resolved, problem.dedup_key));
        assert_eq!(read(&service("ACKNOWLEDGEMENT", "CRITICAL")).status, News::Acknowledged);
    }

    #[test]
    fn a_host_is_told_as_one_and_a_downtime_not_at_all() {
        let host = [("NOTIFICATIONTYPE", "PROBLEM"), ("HOSTNAME", "db1"), ("HOSTSTATE", "DOWN")];
        let body = of(&host).unwrap().unwrap();
        assert_eq!((&body["name"], &body["dedup_key"]), (&"host".into(), &"db1".into()));
        assert_eq!(
            of(&[("HOSTNAME", "db1"), ("NOTIFICATIONTYPE", "DOWNTIMESTART")]).unwrap(),
            None
        );
        assert_eq!(of(&[]).unwrap_err().pointer, "NAGIOS_HOSTNAME");
    }
}
