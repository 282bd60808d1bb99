// One HTTP request over TLS by any node since 0.8: client.js IP PORT OPTIONS; prints OK and the status line.
var tls = require('tls'), fs = require('fs'), o = JSON.parse(process.argv[4] || '{}');
o.host = process.argv[2];
o.port = +process.argv[3];
o.rejectUnauthorized = false;
if (o.cert) { o.cert = fs.readFileSync(o.cert); o.key = fs.readFileSync(o.key); }
var got = '';
function end(text, code) { console.log(text); process.exit(code); }
try {
    var c = tls.connect(o, function () { c.write('GET / HTTP/1.0\r\n\r\n'); });
    c.on('data', function (d) { got += d; if (/ 200/.test(got)) end('OK ' + got.split('\r\n')[0], 0); });
    c.on('error', function (e) { end('ERR ' + e.message, 1); });
    c.on('close', function () { end('ERR closed', 1); });
    c.on('end', function () { end('ERR end', 1); });
} catch (e) { end('ERR ' + e.message, 1); }
setTimeout(function () { end('ERR timeout', 1); }, 5000);
