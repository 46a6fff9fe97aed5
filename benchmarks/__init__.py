"""Measurements that anyone can repeat; a time is never a test."""
