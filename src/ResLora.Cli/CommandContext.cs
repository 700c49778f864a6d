using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Cli.Rendering;
using ResLora.Hub;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training.Distributed;
using ResLora.Training.Distributed.Mpi;
using Spectre.Console;

namespace ResLora.Cli;

/// <summary>What a command needs while it runs.</summary>
/// <param name="Streams">Where it writes.</param>
/// <param name="IsJson">Whether its result is one JSON document.</param>
/// <param name="IsVerbose">Whether it tells more.</param>
/// <param name="Stop">Cancelled by Ctrl-C.</param>
internal sealed record CommandContext(CommandStreams Streams, bool IsJson, bool IsVerbose, CancellationToken Stop)
{
    /// <summary>Whether only what the hub's cache holds is used.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Where Ctrl-C comes from, for a command that has another use for it now and then; null in tests.</summary>
    public InterruptSource? Interrupt { get; init; }

    /// <summary>The processes that do the command together; default: this one alone.</summary>
    public ICommunicator Ranks { get; init; } = SingleProcess.Instance;

    /// <summary>How documents for other programs look.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        // The document goes to a program, not into a web page: texts stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Gives the command's result: as JSON when asked for, else drawn.</summary>
    /// <param name="document">What the JSON document holds.</param>
    /// <param name="draw">Draws it for a person.</param>
    public void Result(object document, Action<IAnsiConsole> draw)
    {
        if (IsJson)
        {
            Streams.Output.WriteLine(JsonSerializer.Serialize(document, Json));
        }
        else
        {
            draw(Streams.Terminal);
        }
    }

    /// <summary>A client of the hub that the environment names.</summary>
    /// <param name="progress">Is told how far downloads are.</param>
    /// <returns>The client, the caller's to dispose.</returns>
    public HubClient Hub(IProgress<HubProgress> progress)
    {
        var settings = HubSettings.FromEnvironment();
        return new HubClient(settings with { Offline = settings.Offline || IsOffline }, progress, Stop);
    }

    /// <summary>Sets how long this process waits for another rank.</summary>
    /// <param name="patience">The time.</param>
    public void WaitForRanks(TimeSpan patience)
    {
        if (Ranks is MpiCommunicator ranks)
        {
            ranks.Patience = patience;
        }
    }

    /// <summary>A line to the log.</summary>
    /// <param name="text">Plain text.</param>
    public void Log(string text) => Tables.Sentence(Streams.Log, text);

    /// <summary>A line to the log under <c>--verbose</c>.</summary>
    /// <param name="text">Plain text.</param>
    public void LogDetail(string text)
    {
        if (IsVerbose)
        {
            Log(text);
        }
    }

    /// <summary>Loads libtorch, or says in one sentence why it does not load; before the first tensor.</summary>
    /// <param name="meanwhile">What can be done while it loads, which takes half a second: reading without tensors.</param>
    public void RequireTorch(Action? meanwhile = null)
    {
        if (meanwhile is not null)
        {
            _ = Task.Run(TorchRuntime.EnsureLoaded);
            meanwhile();
        }

        TorchRuntime.ThrowIfUnusable();
        LogDetail(TorchRuntime.Status.Message);
    }
}
