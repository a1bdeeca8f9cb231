//! How what was submitted with a key is found again.

use super::orders::{GetOrders, Order, OrderStatus};
use super::positions::{GetPositionInstructions, PositionInstruction, PositionInstructionStatus};
use crate::keyed::ReadBack;
use crate::operation::Operation;

/// Whether the list could be asked for the keys alone is not documented.
impl ReadBack for Order {
    const LIST: &'static Operation = &GetOrders::OPERATION;
    const SINCE: Option<&'static str> = Some("from");

    fn key(&self) -> &str {
        self.client_order_id.as_str()
    }

    fn is_refused(&self) -> bool {
        self.status == OrderStatus::Rejected
    }
}

/// The list has all of them but those that were refused when they were submitted.
impl ReadBack for PositionInstruction {
    const LIST: &'static Operation = &GetPositionInstructions::OPERATION;
    const SINCE: Option<&'static str> = None;

    fn key(&self) -> &str {
        self.instruction_id.as_str()
    }

    fn is_refused(&self) -> bool {
        self.status == PositionInstructionStatus::Rejected
    }
}
