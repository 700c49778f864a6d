using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit;

namespace ResLora.EndToEnd.Tests.Support;

/// <summary>Runs the built tool as several processes under <c>mpirun</c>.</summary>
internal static class Ranks
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(4);

    /// <summary>Variables without which mpirun refuses root, whose CI's containers are.</summary>
    public static IReadOnlyList<KeyValuePair<string, string?>> RootMayRun { get; } =
        [new("OMPI_ALLOW_RUN_AS_ROOT", "1"), new("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")];

    /// <summary>Skips the test where there is no mpirun of Open MPI.</summary>
    public static void RequireOrSkip() => Assert.SkipUnless(
        OperatingSystem.IsLinux() && (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "mpirun"))),
        "mpirun is not installed (apt-get install openmpi-bin)");

    /// <summary>Starts a command line on several ranks of this machine, which may be more than its processors.</summary>
    /// <param name="count">How many.</param>
    /// <param name="arguments">The tool's arguments.</param>
    public static Process Start(int count, params string[] arguments) =>
        StartWith(["-np", count.ToString(CultureInfo.InvariantCulture), "--oversubscribe", "--bind-to", "none", .. Program, .. arguments]);

    /// <summary>Starts mpirun with a line of its own.</summary>
    /// <param name="line">The arguments of mpirun.</param>
    public static Process StartWith(IEnumerable<string> line)
    {
        RequireOrSkip();
        return Command.Start(Path.GetTempPath(), RootMayRun, "mpirun", line);
    }

    /// <summary>The tool, as mpirun starts it.</summary>
    public static IReadOnlyList<string> Program => ["dotnet", Path.Combine(AppContext.BaseDirectory, "reslora.dll")];

    /// <summary>Runs a command line on several ranks to its end.</summary>
    /// <param name="count">How many.</param>
    /// <param name="arguments">The tool's arguments.</param>
    public static ToolResult Run(int count, params string[] arguments)
    {
        using var process = Start(count, arguments);
        return End(process);
    }

    /// <summary>Waits for mpirun.</summary>
    /// <param name="process">mpirun.</param>
    public static ToolResult End(Process process)
    {
        process.StandardInput.Close();
        return Tool.End(process, _patience);
    }

    /// <summary>Waits for a line of the log, then kills mpirun: without a network it does not end by itself.</summary>
    /// <param name="process">mpirun.</param>
    /// <param name="start">How the line begins.</param>
    public static string LineOf(Process process, string start)
    {
        string? line;
        using var end = new Timer(_ => process.Kill(entireProcessTree: true), null, _patience, Timeout.InfiniteTimeSpan);
        do
        {
            line = process.StandardError.ReadLine();
        }
        while (line is not null && !line.StartsWith(start, StringComparison.Ordinal));

        process.Kill(entireProcessTree: true);
        Assert.NotNull(line);
        return line;
    }

    /// <summary>Finds a rank's process by what is in its command line.</summary>
    /// <param name="rank">The rank.</param>
    /// <param name="argument">An argument that no other process has.</param>
    public static Process ProcessOf(int rank, string argument)
    {
        Process? found = null;
        SpinWait.SpinUntil(() => (found = Find(rank, argument)) is not null, TimeSpan.FromSeconds(30));
        Assert.NotNull(found);
        return found;
    }

    private static Process? Find(int rank, string argument)
    {
        var variable = string.Create(CultureInfo.InvariantCulture, $"OMPI_COMM_WORLD_RANK={rank}");
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
        {
            try
            {
                if (Words(folder, "environ").Contains(variable) && Words(folder, "cmdline").Contains(argument))
                {
                    return Process.GetProcessById(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture));
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // It has ended, or is somebody else's.
            }
        }

        return null;
    }

    private static string[] Words(string folder, string file) =>
        Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(folder, file))).Split('\0');
}
