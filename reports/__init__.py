"""Findings as pages: HTML, XLSX and text in pt-BR, es-MX and en."""
