-- A shop is a few kilobytes, and every page written is copied first, so that it can be rolled back.
PRAGMA page_size = 512;
-- Amounts are whole dollars; days count back from today, or forward for a parcel on its way.
CREATE TABLE customers (customer_id TEXT PRIMARY KEY, email TEXT, zip TEXT, balance INTEGER, escalated TEXT);
CREATE TABLE products (item TEXT PRIMARY KEY, family TEXT, price INTEGER, stock INTEGER);
CREATE TABLE orders (order_id TEXT PRIMARY KEY, customer_id TEXT, status TEXT, days INTEGER, paid_by TEXT, ship_to TEXT);
CREATE TABLE items (order_id TEXT, item TEXT, price INTEGER, final_sale INTEGER, state TEXT, PRIMARY KEY (order_id, item));
CREATE TABLE shipments (order_id TEXT PRIMARY KEY, state TEXT, days INTEGER);
CREATE TABLE payments (payment_id INTEGER PRIMARY KEY, order_id TEXT, method TEXT, amount INTEGER);
CREATE TABLE tickets (ticket_id INTEGER PRIMARY KEY, order_id TEXT, kind TEXT, reason TEXT);
