//! Group D of the cases: writes whose answer is empty or unreadable.

use crate::script::{Action, ScriptedServer, json};
use crate::{KEY, account, client, order, row, rows};

#[tokio::test]
async fn an_order_is_accepted() {
    let server = ScriptedServer::start(|_| json(200, rows(&[row(KEY, "NEW")]))).await;
    let submission =
        client(&server.url).orders().submit_orders(account(), [order(KEY)]).send().await.unwrap();
    assert!(submission.is_known());
    assert_eq!(server.with_method("POST").len(), 1);
    assert_eq!(server.connections(), 1);
    let _ = Action::Hold;
}
