using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace ResLora.EndToEnd.Tests.Support;

/// <summary>Two hosts of their own names on one machine: network namespaces with a cable between them, and no ssh.</summary>
internal sealed class TwoHosts : IDisposable
{
    private const string FirstAddress = "10.77.13.1", SecondAddress = "10.77.13.2";

    private readonly string _first, _second, _agent;

    private TwoHosts(string agent)
    {
        var number = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        (_first, _second, _agent) = ($"rl-a{number}", $"rl-b{number}", agent);
    }

    private string Cable => $"v{_first}";

    /// <summary>Makes them, or skips the test where namespaces may not be made.</summary>
    /// <param name="agent">A file to be written: what mpirun starts its daemon on the second host with.</param>
    public static TwoHosts MakeOrSkip(string agent)
    {
        var hosts = new TwoHosts(agent);
        var why = hosts.Make();
        if (why is not null)
        {
            hosts.Dispose();
        }

        Assert.SkipUnless(why is null, $"network namespaces cannot be made here: {why}");
        return hosts;
    }

    /// <summary>Starts a program once on each host.</summary>
    /// <param name="program">The program with its arguments.</param>
    public Process Start(IReadOnlyList<string> program)
    {
        var line = string.Join(
            ' ',
            new[]
            {
                "mpirun", "-np", "2", "-H", $"{FirstAddress}:1,{SecondAddress}:1", "--mca", "plm_rsh_agent", _agent,
                "--mca", "btl_tcp_if_include", "10.77.13.0/24", "--mca", "oob_tcp_if_include", "10.77.13.0/24",
                "-x", "OMPI_ALLOW_RUN_AS_ROOT", "-x", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
            }.Concat(program).Select(word => $"'{word}'"));
        return Command.Start(
            Path.GetTempPath(),
            Ranks.RootMayRun,
            "ip", ["netns", "exec", _first, "unshare", "--uts", "sh", "-c", $"hostname host-a; exec {line}"]);
    }

    /// <summary>Pulls the cable out.</summary>
    public void Cut() => Ip("netns", "exec", _first, "ip", "link", "set", Cable, "down");

    public void Dispose()
    {
        Ip("netns", "delete", _first);
        Ip("netns", "delete", _second);
    }

    private string? Make()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/usr/sbin/ip") && !File.Exists("/sbin/ip"))
        {
            return "it takes root and ip (apt-get install iproute2)";
        }

        string[][] commands =
        [
            ["netns", "add", _first], ["netns", "add", _second],
            ["-n", _first, "link", "add", Cable, "type", "veth", "peer", "name", $"v{_second}", "netns", _second],
            ["-n", _first, "addr", "add", $"{FirstAddress}/24", "dev", Cable],
            ["-n", _second, "addr", "add", $"{SecondAddress}/24", "dev", $"v{_second}"],
            ["-n", _first, "link", "set", "lo", "up"], ["-n", _second, "link", "set", "lo", "up"],
            ["-n", _first, "link", "set", Cable, "up"], ["-n", _second, "link", "set", $"v{_second}", "up"],
        ];
        foreach (var command in commands)
        {
            var result = Ip(command);
            if (result.ExitCode != 0)
            {
                return $"ip {string.Join(' ', command)}: {result.Error.Trim()}";
            }
        }

        // Called as ssh is: the host, then what to run there.
        File.WriteAllText(_agent, $"#!/bin/sh\nshift\nexec ip netns exec {_second} unshare --uts sh -c \"hostname host-b; $*\"\n");
        File.SetUnixFileMode(_agent, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return null;
    }

    private static ToolResult Ip(params string[] arguments) => Command.Run("/", [], "ip", arguments);
}
