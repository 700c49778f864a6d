using System.Text;
using ResLora.Cli.Rendering;
using Spectre.Console;

namespace ResLora.Cli;

/// <summary>Where a command writes: results to the output, everything else to the log.</summary>
/// <param name="Output">The output for JSON and streamed text: to files and pipes as it is, to a terminal made harmless.</param>
/// <param name="Terminal">The output, for tables.</param>
/// <param name="Log">Standard error.</param>
/// <param name="IsLive">Whether the log is a terminal on which lines can be redrawn.</param>
internal sealed record CommandStreams(TextWriter Output, IAnsiConsole Terminal, IAnsiConsole Log, bool IsLive)
{
    /// <summary>Standard input as bytes, which are checked and decoded where they are read; empty where there is none.</summary>
    public Stream Input { get; init; } = Stream.Null;

    /// <summary>Whether somebody sits at a terminal and types what is read.</summary>
    public bool AsksForInput { get; init; }

    // Wide enough that nothing of ours is wrapped where nobody sees a terminal: paths stay in one piece.
    private const int WidthOfFiles = 1000;

    /// <summary>Streams that take everything and show nothing.</summary>
    public static CommandStreams Silent { get; } =
        new(TextWriter.Null, Over(TextWriter.Null, isRedirected: true), Over(TextWriter.Null, isRedirected: true), IsLive: false);

    /// <summary>
    /// Whether Open MPI started this process: it puts a terminal of its own between a rank and wherever its output goes.
    /// </summary>
    private static bool IsRankOfOpenMpi => Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_SIZE") is not null;

    /// <summary>The streams of this process.</summary>
    public static CommandStreams OfProcess()
    {
        if (IsRankOfOpenMpi)
        {
            // .NET would begin its output with what a terminal of that name needs.
            Environment.SetEnvironmentVariable("TERM", "dumb");
        }

        // Without a byte order mark: the first byte of a JSON document is its brace.
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        // In place of .NET's own, so that the console library still knows them for the terminal.
        Console.SetOut(new OutputWriter(Console.Out));
        Console.SetError(new LogWriter(Console.Error));
        var (isFile, isLogFile) = (IsRankOfOpenMpi || Console.IsOutputRedirected, IsRankOfOpenMpi || Console.IsErrorRedirected);
        var log = Over(Console.Error, isLogFile);
        return new CommandStreams(
            isFile ? Console.Out : new TerminalWriter(Console.Out), Over(Console.Out, isFile), log, !isLogFile && log.Profile.Capabilities.Ansi)
        {
            Input = Console.OpenStandardInput(),
            AsksForInput = !Console.IsInputRedirected && !isLogFile,
        };
    }

    /// <summary>A console over a writer.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="isRedirected">Whether it ends in a file or a pipe: then no colours, and a fixed width.</param>
    public static IAnsiConsole Over(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        console.Profile.Capabilities.Unicode = TerminalLocale.ShowsUnicode(Environment.GetEnvironmentVariable);
        if (isRedirected)
        {
            console.Profile.Width = WidthOfFiles;
        }

        return console;
    }
}
