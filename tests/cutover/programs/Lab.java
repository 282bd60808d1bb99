/* The lab's Java: "serve ADDRESS PORT PROTOCOLS SUITES KEYSTORE", or "ask PROTOCOLS SUITES KEYSTORE", which reads lines
 * "ADDRESS PORT NAME" and answers each with OK or ERR. PROTOCOLS and SUITES: comma-separated; - is the default. KEYSTORE: - none.
 * What Java 17 has switched off is switched on again by -Dlab.legacy. */
import java.io.*;
import java.net.*;
import java.security.*;
import java.security.cert.X509Certificate;
import java.util.*;
import javax.net.ssl.*;

public class Lab {
    static final X509TrustManager ANY = new X509TrustManager() {
        public void checkClientTrusted(X509Certificate[] x, String s) {}
        public void checkServerTrusted(X509Certificate[] x, String s) {}
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    };

    static SSLContext context(String file) throws Exception {
        SSLContext c = SSLContext.getInstance("TLS");
        KeyManager[] keys = null;
        if (!file.equals("-")) {
            KeyStore ks = KeyStore.getInstance("PKCS12");
            ks.load(new FileInputStream(file), "changeit".toCharArray());
            KeyManagerFactory k = KeyManagerFactory.getInstance("SunX509");
            k.init(ks, "changeit".toCharArray());
            keys = k.getKeyManagers();
        }
        c.init(keys, new TrustManager[] { ANY }, null);
        return c;
    }

    static void serve(String[] a) throws Exception {
        SSLServerSocket s = (SSLServerSocket) context(a[5]).getServerSocketFactory()
            .createServerSocket(Integer.parseInt(a[2]), 50, InetAddress.getByName(a[1]));
        if (!a[3].equals("-")) s.setEnabledProtocols(a[3].split(","));
        if (!a[4].equals("-")) s.setEnabledCipherSuites(a[4].split(","));
        SSLParameters p = s.getSSLParameters();
        p.setUseCipherSuitesOrder(Boolean.getBoolean("lab.order"));
        s.setSSLParameters(p);
        while (true) {
            Socket x = s.accept();
            new Thread(() -> {
                try (x) {
                    x.setSoTimeout(5000);
                    x.getInputStream().read();
                    x.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\nhi\n".getBytes());
                } catch (Exception e) { System.err.println(e); }
            }).start();
        }
    }

    static String ask(SSLContext c, String[] a, String[] to) {
        try {
            Socket plain = new Socket();
            plain.connect(new InetSocketAddress(to[0], Integer.parseInt(to[1])), 4000);
            plain.setSoTimeout(4000);
            try (SSLSocket s = (SSLSocket) c.getSocketFactory().createSocket(plain, to[2], Integer.parseInt(to[1]), true)) {
                if (!a[1].equals("-")) s.setEnabledProtocols(a[1].split(","));
                if (!a[2].equals("-")) s.setEnabledCipherSuites(a[2].split(","));
                s.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes());
                String line = new BufferedReader(new InputStreamReader(s.getInputStream())).readLine();
                return line != null && line.contains(" 200") ? "OK " + s.getSession().getProtocol() : "ERR " + line;
            }
        } catch (Exception e) { return "ERR " + String.valueOf(e.getMessage()).replace('\n', ' '); }
    }

    public static void main(String[] a) throws Exception {
        if (Boolean.getBoolean("lab.legacy"))
            for (String k : new String[] { "jdk.tls.disabledAlgorithms", "jdk.certpath.disabledAlgorithms", "jdk.tls.legacyAlgorithms" })
                Security.setProperty(k, "");
        if (a[0].equals("serve")) serve(a);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null;) {
            System.out.println(ask(context(a[3]), a, line.split(" ")));
            System.out.flush();
        }
    }
}
