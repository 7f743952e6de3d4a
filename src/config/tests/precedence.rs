//! Where settings come from and which wins. Must not know what a setting means.

use super::*;

fn with(yaml: &str, env: &[(&str, &str)], flags: &Flags) -> Result<Loaded, Findings> {
    let mut all = environment();
    all.extend(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    read_with(yaml, &all, flags)
}

fn listen(yaml: &str, env: &[(&str, &str)], flags: &Flags) -> String {
    with(yaml, env, flags).expect("good").config.listen.to_string()
}

#[test]
fn a_flag_wins_over_the_environment_the_file_and_the_default() {
    let file = "listen: 127.0.0.1:2\n";
    let env = [("FIREBELL_LISTEN", "127.0.0.1:3")];
    let flag = Flags { listen: Some("127.0.0.1:4".to_owned()), ..Flags::default() };
    let none = Flags::default();
    assert_eq!(listen("", &[], &none), "127.0.0.1:8080");
    assert_eq!(listen(file, &[], &none), "127.0.0.1:2");
    assert_eq!(listen(file, &env, &none), "127.0.0.1:3");
    assert_eq!(listen(file, &env, &flag), "127.0.0.1:4");
    assert_eq!(listen("", &[], &flag), "127.0.0.1:4");
}

#[test]
fn paths_of_the_file_are_meant_from_its_directory_and_others_from_here() {
    let data = |yaml, env: &[(&str, &str)], flag: Option<&str>| {
        let flags = Flags { data: flag.map(PathBuf::from), ..Flags::default() };
        with(yaml, env, &flags).expect("good").config.data
    };
    assert_eq!(data("", &[], None), Path::new("/etc/firebell/data"));
    assert_eq!(data("data: d", &[], None), Path::new("/etc/firebell/d"));
    assert_eq!(data("data: d", &[("FIREBELL_DATA", "e")], None), Path::new("e"));
    assert_eq!(data("data: d", &[("FIREBELL_DATA", "e")], Some("f")), Path::new("f"));
}

#[test]
fn two_underscores_lead_into_a_key_and_an_id_may_have_a_dash() {
    let env = [
        ("FIREBELL_STORE__CACHE_MIB", "64"),
        ("FIREBELL_CHANNELS__MY_MAIL__HOST", "smtp.other.example"),
        ("FIREBELL_CHANNELS__MY_MAIL__DRILL", "true"),
        ("FIREBELL_HTTP_HOSTS", "[a.example, 'b.example:8443']"),
        ("FIREBELL_HTTP_HOSTS__1", "c.example"),
    ];
    let yaml = "channels:\n  my-mail: { kind: smtp, host: smtp.example, from: a@shop.example }\n";
    let config = with(yaml, &env, &Flags::default()).expect("good").config;
    assert_eq!(config.store.cache_bytes, 64 << 20);
    let ChannelKind::Smtp(mail) = &config.channels["my-mail"].kind else { panic!("SMTP") };
    assert_eq!(mail.host, "smtp.other.example");
    assert!(config.channels["my-mail"].drill);
    let hosts: Vec<_> = config.http_hosts.iter().map(|host| host.name.as_str()).collect();
    assert_eq!(hosts, ["a.example", "c.example"]);
}

#[test]
fn a_wrong_variable_is_shown_as_itself_and_a_secret_in_it_is_not() {
    let env = [
        ("FIREBELL_LISTEN", "here"),
        ("FIREBELL_STORE__CACHE", "64"),
        ("FIREBELL_CHANNELS__M__KIND", "smtp"),
        ("FIREBELL_CHANNELS__M__HOST", "smtp.example"),
        ("FIREBELL_CHANNELS__M__FROM", "a@shop.example"),
        ("FIREBELL_CHANNELS__M__USERNAME", "a"),
        ("FIREBELL_CHANNELS__M__PASSWORD", "hunter2"),
    ];
    let flags = Flags { listen: Some("there".to_owned()), ..Flags::default() };
    let found =
        with("lang: fr\npeople: { li: { contacts: { m: li@shop.example } } }\n", &env, &flags)
            .expect_err("wrong in three places");
    let rows = found.rows(Lang::En);
    let places: Vec<_> =
        rows.iter().map(|r| format!("{}:{}:{}", r.file, r.line, r.column)).collect();
    assert_eq!(
        places,
        ["firebell.yaml:1:7", "environment:4:32", "environment:7:1", "command line:1:10"]
    );
    let printed = found.render(Rendering::plain(Lang::En));
    assert!(printed.contains("FIREBELL_STORE__CACHE=64"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn variables_that_a_cluster_injects_are_warned_of_and_ignored() {
    let env = [
        ("FIREBELL_SERVICE_HOST", "10.0.0.1"),
        ("FIREBELL_PORT", "tcp://10.0.0.1:8080"),
        ("FIREBELL_LISTN", "127.0.0.1:1"),
        ("FIREBELL_TOKEN", "fb_x"),
        ("FIREBELL_URL", "http://127.0.0.1:8080"),
        ("HOME", "/root"),
    ];
    let loaded = with("", &env, &Flags::default()).expect("good");
    let rows = loaded.warnings.rows(Lang::En);
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.code == STRAY_VARIABLE));
    assert_eq!(rows[0].help, ["did you mean `listen`?"]);
    assert_eq!(loaded.config.listen.port(), 8080);
}

#[test]
fn a_variable_that_the_file_names_as_a_secret_is_no_stray() {
    let yaml = "channels: { m: { kind: smtp, host: smtp.example, from: a@shop.example, \
                username: a, password: 'env:FIREBELL_SMTP_PASSWORD' } }\n\
                people: { li: { contacts: { m: li@shop.example } } }\n";
    let loaded = with(yaml, &[("FIREBELL_SMTP_PASSWORD", "pw")], &Flags::default()).expect("good");
    assert!(loaded.warnings.rows(Lang::En).is_empty(), "{:?}", loaded.warnings.rows(Lang::En));
}

#[test]
fn a_named_file_must_exist_and_the_default_one_need_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("bell.yaml");
    let flags = Flags { config: Some(path.clone()), ..Flags::default() };
    let found =
        load(&flags, &BTreeMap::new(), jiff::Timestamp::UNIX_EPOCH).expect_err("no such file");
    assert_eq!(found.rows(Lang::En)[0].code, UNREADABLE);
    std::fs::write(&path, "listen: 127.0.0.1:9\ndata: here\n").expect("written");
    let loaded = load(&flags, &BTreeMap::new(), jiff::Timestamp::UNIX_EPOCH).expect("good");
    assert_eq!(loaded.config.listen.port(), 9);
    assert_eq!(loaded.config.data, dir.path().join("here"));
    assert_eq!(loaded.file, Some(path.clone()));
    let env = BTreeMap::from([("FIREBELL_CONFIG".to_owned(), path.display().to_string())]);
    assert_eq!(
        load(&Flags::default(), &env, jiff::Timestamp::UNIX_EPOCH)
            .expect("good")
            .config
            .listen
            .port(),
        9
    );
}

#[test]
fn a_hostile_file_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("bell.yaml");
    let flags = Flags { config: Some(path.clone()), ..Flags::default() };
    let deep = format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000));
    for bytes in [vec![b'a'; 2 << 20], deep.into_bytes(), vec![0xff, 0xfe], b"a\0b".to_vec()] {
        std::fs::write(&path, bytes).expect("written");
        assert!(
            load(&flags, &BTreeMap::new(), jiff::Timestamp::UNIX_EPOCH)
                .expect_err("hostile")
                .has_errors()
        );
    }
}
