// TlsPeer s|c HOST PORT PROTOCOLS [SUITES [KEYSTORE]] - a TLS server or client of Java's own stack, its algorithm blacklist emptied.
import java.io.FileInputStream;
import java.net.InetAddress;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.X509Certificate;
import javax.net.ssl.*;

public class TlsPeer {
    static class Anyone implements X509TrustManager {
        public void checkClientTrusted(X509Certificate[] chain, String how) { }
        public void checkServerTrusted(X509Certificate[] chain, String how) { }
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    }

    public static void main(String[] args) throws Exception {
        for (String list : new String[] { "jdk.tls.disabledAlgorithms", "jdk.certpath.disabledAlgorithms", "jdk.tls.legacyAlgorithms" })
            Security.setProperty(list, "");
        int port = Integer.parseInt(args[2]);
        String[] protocols = args[3].isEmpty() ? null : args[3].split(",");
        String[] suites = args.length > 4 && !args[4].isEmpty() ? args[4].split(",") : null;
        KeyManager[] keys = null;
        if (args.length > 5) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(new FileInputStream(args[5]), "changeit".toCharArray());
            KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
            factory.init(store, "changeit".toCharArray());
            keys = factory.getKeyManagers();
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, new TrustManager[] { new Anyone() }, null);
        if (args[0].equals("s"))
            serve((SSLServerSocket) context.getServerSocketFactory().createServerSocket(port, 5, InetAddress.getByName(args[1])),
                  protocols, suites);
        else
            connect((SSLSocket) context.getSocketFactory().createSocket(args[1], port), protocols, suites);
    }

    static void serve(SSLServerSocket server, String[] protocols, String[] suites) throws Exception {
        if (protocols != null)
            server.setEnabledProtocols(protocols);
        if (suites != null)
            server.setEnabledCipherSuites(suites);
        for (;;)
            try (SSLSocket s = (SSLSocket) server.accept()) {
                s.getOutputStream().write("hello\n".getBytes());
            } catch (Exception e) {
                System.out.println("server error " + e.getMessage());
            }
    }

    static void connect(SSLSocket s, String[] protocols, String[] suites) throws Exception {
        if (protocols != null)
            s.setEnabledProtocols(protocols);
        if (suites != null)
            s.setEnabledCipherSuites(suites);
        SSLParameters p = s.getSSLParameters();
        p.setServerNames(java.util.List.of(new SNIHostName("www.example.test")));
        s.setSSLParameters(p);
        try {
            s.startHandshake();
            System.out.println("client java: " + s.getSession().getProtocol() + " " + s.getSession().getCipherSuite());
            s.getInputStream().read();
            s.close();
        } catch (Exception e) {
            System.out.println("client error " + e.getMessage());
        }
    }
}
