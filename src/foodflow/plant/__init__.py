"""The plant as it runs: lines and their time, batches and what they made, sensors and their readings."""
