//! A way to the server that can be cut at the worst moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const OPEN: u8 = 0;
const LOSE_ANSWER: u8 = 1;
const LOSE_REQUEST: u8 = 2;

/// Forwards connections to the server.
pub(super) struct Proxy {
    cut: Arc<AtomicU8>,
    port: u16,
}

impl Proxy {
    pub(super) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU8::new(OPEN));
        let order = cut.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(forward(client, server, order.clone()));
            }
        });
        Self { cut, port }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The next thing that the server says is lost, and the connection with it.
    pub(super) fn lose_the_next_answer(&self) {
        self.cut.store(LOSE_ANSWER, Ordering::SeqCst);
    }

    /// The next thing that a client says is lost, and the connection with it.
    pub(super) fn lose_the_next_request(&self) {
        self.cut.store(LOSE_REQUEST, Ordering::SeqCst);
    }

    /// Whether what was ordered has happened.
    pub(super) fn has_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst) == OPEN
    }
}

async fn forward(mut client: TcpStream, mut server: TcpStream, cut: Arc<AtomicU8>) {
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let carry_out = |order| cut.compare_exchange(order, OPEN, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    loop {
        tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(length) if length > 0 && !carry_out(LOSE_REQUEST) => server.write_all(&up[..length]).await.unwrap(),
                _ => return,
            },
            read = server.read(&mut down) => match read {
                Ok(length) if length > 0 && !carry_out(LOSE_ANSWER) => {
                    if client.write_all(&down[..length]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}
