//! Keys that do not count, services that are not there, answers that are lost.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use super::{Desk, Service, asking, free_port, on, program, run, write};

#[test]
fn a_wrong_a_renewed_and_a_malformed_key_are_refused_with_a_hint() {
    let desk = Desk::on_sqlite();
    let key = desk.key("henry");
    let id = key.split('_').nth(2).unwrap();
    let service = desk.serve(&[]);
    let mut forged = key.clone();
    forged.truncate(key.len() - 1);
    for wrong in [forged.as_str(), "chancery_nowhere_a_b", "x"] {
        let refused = service.run(wrong, "member list");
        assert!(refused.ends(3).contains("the key is not valid") && refused.stderr.contains("hint:"), "{refused:?}");
    }
    assert!(service.run("a b", "member list").ends(2).contains("a character that no key has"));
    // The old key is at its end as soon as the new one is there.
    on(&desk.store, &format!("-o fairmont --as henry key rotate {id} --grace 0s"));
    let ended = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        service.run(&key, "member list").code == 3
    });
    assert!(ended, "a key at its end lets nobody in");
    let json = service.run(&key, "--format json member list");
    let error: serde_json::Value = serde_json::from_str(json.ends(3)).unwrap();
    assert_eq!((&error["error"]["rule"], &error["error"]["exit"]), (&"unauthenticated".into(), &3.into()));
    let absent = run(program().args(["--server", &service.url(), "--key-file", "/no/such/key"]), "member list");
    assert!(absent.ends(1).contains("`/no/such/key` cannot be used"), "{absent:?}");
}

#[test]
fn a_service_that_is_not_there_is_told_at_once() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    for line in ["member list", "scope create elm Elm"] {
        let ran = asking(&nobody, "key", line);
        assert!(ran.ends(1).contains(&format!("`{nobody}` cannot be reached")), "{ran:?}");
    }
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream
            .write_all(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 4\r\n\r\nMoin")
            .unwrap();
    });
    let ran = asking(&format!("http://{address}"), "key", "member list");
    assert!(ran.ends(1).contains("answered with status 302, and not as this service does"), "{ran:?}");
    answering.join().unwrap();
}

/// Stands before a service, and drops its first answer after what a test does then.
fn losing_the_first_answer(port: u16, then: impl FnOnce() + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let forwarding = std::thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let answer = exchange(&client, port);
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        then();
        drop(client);
        listener.set_nonblocking(true).unwrap();
        // Only a line that is sent again comes here a second time.
        for _ in 0..1_500 {
            if let Ok((mut client, _)) = listener.accept() {
                client.set_nonblocking(false).unwrap();
                let answer = exchange(&client, port);
                client.write_all(&answer).unwrap();
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    });
    (url, forwarding)
}

/// Passes one request on, and reads its answer.
fn exchange(mut client: &TcpStream, port: u16) -> Vec<u8> {
    let request = message(&mut client);
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    server.write_all(&request).unwrap();
    message(&mut server)
}

/// A head and as much body as it says.
fn message(stream: &mut impl std::io::Read) -> Vec<u8> {
    let mut message = Vec::new();
    let mut byte = [0];
    while !message.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        message.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&message).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    message.extend(body);
    message
}

#[test]
fn a_change_whose_answer_is_lost_as_the_service_dies_is_told_as_if_nothing_had_happened() {
    let desk = Desk::on_sqlite();
    let key = desk.key("henry");
    for (line, told) in [
        ("role create Surveyor --permission invoice.read", "created the role Surveyor"),
        ("--format json scope create elm Elm --kind site", "\"repeated\": false"),
        ("member add kim --name Kim --role \"Read Only\"", "Kim"),
    ] {
        let before = desk.head();
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let service = Service::start(&desk.store, &listen, &[]);
        let store = desk.store.clone();
        let (sender, receiver) = std::sync::mpsc::channel();
        let (url, forwarding) = losing_the_first_answer(port, move || {
            // Killed, as it is dropped; and another one comes back in its place.
            drop(service);
            sender.send(Service::start(&store, &listen, &[])).unwrap();
        });
        let ran = asking(&url, &key, line);
        assert!(ran.ok().contains(told), "{ran:?}");
        assert!(ran.stdout.contains(&(before + 1).to_string()), "{ran:?}");
        forwarding.join().unwrap();
        let refusals = desk.events(before).into_iter().filter(|(kind, _)| kind == "CommandRefused").count();
        assert_eq!(refusals, 0, "{line} was made once, and not tried again as another change");
        drop(receiver.recv().unwrap());
    }
    let made = |kind: &str| desk.events(0).iter().filter(|(name, _)| name == kind).count();
    let before = |kind: &str| {
        let told = on(super::demonstration(), &format!("-o fairmont --format json events --type {kind}"));
        told.ok().lines().count()
    };
    for kind in ["RoleCreated", "ScopeCreated", "MemberAdded"] {
        assert_eq!(made(kind), before(kind) + 1, "{kind}");
    }
}

#[test]
fn a_list_whose_answer_is_lost_is_made_once_line_by_line() {
    let desk = Desk::on_sqlite();
    let key = desk.key("henry");
    let before = desk.head();
    let service = desk.serve(&[]);
    let port = service.address.rsplit(':').next().unwrap().parse().unwrap();
    let (url, forwarding) = losing_the_first_answer(port, || {});
    let list = write(&desk.path("list.txt"), "scope create elm Elm --kind site\nscope create oak Oak --kind site\n");
    let ran = asking(&url, &key, &format!("run {list}"));
    assert_eq!(ran.ok().lines().count(), 2, "{ran:?}");
    assert!(ran.stdout.contains("created the site Elm") && ran.stdout.contains("created the site Oak"), "{ran:?}");
    forwarding.join().unwrap();
    assert_eq!(desk.head(), before + 2);
}

#[test]
fn a_new_key_whose_answer_is_lost_is_not_made_again() {
    let desk = Desk::on_sqlite();
    let key = desk.key("henry");
    let service = desk.serve(&[]);
    let port = service.address.rsplit(':').next().unwrap().parse().unwrap();
    let (url, forwarding) = losing_the_first_answer(port, || {});
    let ran = asking(&url, &key, "key issue --self --label lost");
    assert!(ran.ends(1).contains("made the change is not known"), "{ran:?}");
    forwarding.join().unwrap();
    let keys = service.run(&key, "key list");
    assert_eq!(keys.ok().matches("lost").count(), 1, "it is there to be revoked: {keys:?}");
}

/// A certificate for `localhost` of an authority of its own, as `server.pem` with `server.key` and `ca.pem`.
fn certify(directory: &Path) {
    let openssl = |line: &str| {
        let mut command = Command::new("openssl");
        command.args(line.split(' ')).current_dir(directory).stderr(Stdio::null()).stdout(Stdio::null());
        assert!(command.status().unwrap().success(), "openssl {line}");
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"));
    openssl(&format!("req {key} -subj /CN=localhost -keyout server.key -out server.csr"));
    write(&directory.join("names"), "subjectAltName=DNS:localhost\n");
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem");
}

#[test]
fn a_certificate_is_trusted_by_its_authority_and_for_its_name_only() {
    let desk = Desk::on_sqlite();
    let key = desk.key("henry");
    certify(desk.directory.path());
    let file = |name: &str| desk.path(name).display().to_string();
    let (certificate, private) = (file("server.pem"), file("server.key"));
    let service = desk.serve(&["--tls-certificate", &certificate, "--tls-key", &private]);
    let port = service.address.rsplit(':').next().unwrap();
    let ask = |host: &str, flags: &[&str]| {
        let url = format!("https://{host}:{port}");
        run(program().env("CHANCERY_KEY", &key).args(["--server", &url]).args(flags), "member show henry")
    };
    let unknown = ask("localhost", &[]);
    assert!(unknown.ends(1).contains("is not trusted"), "{unknown:?}");
    assert!(unknown.stderr.contains("--ca-file"), "{unknown:?}");
    assert!(ask("localhost", &["--ca-file", &file("ca.pem")]).ok().contains("Henry Cole"));
    let misnamed = ask("127.0.0.1", &["--ca-file", &file("ca.pem")]);
    assert!(misnamed.ends(1).contains("is not trusted"), "{misnamed:?}");
    let plain = asking(&format!("http://127.0.0.1:{port}"), &key, "member show henry");
    assert_eq!(plain.code, 1, "{plain:?}");
    for absent in ["/no/such/file", &file("names")] {
        let ran = ask("localhost", &["--ca-file", absent]);
        assert!(ran.ends(2).contains("has no authority to trust"), "{ran:?}");
    }
}
