using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments;
using ResLora.Experiments.Chatting;
using ResLora.Experiments.Generating;
using ResLora.Experiments.Places;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data.Readers;
using ResLora.Training;
using ResLora.Training.Generation;
using ResLora.Training.Loop;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora generate</c>.</summary>
internal static class GenerateCommand
{
    private const string StandardInput = "-";

    /// <summary>How long a rank waits for another one: prompts of one may be answered in a word, and those of another at length.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromHours(1);

    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var model = SharedOptions.Model();
        var adapter = SharedOptions.Adapter();
        var prompt = new Option<string?>("--prompt") { Description = "The text to continue.", HelpName = "TEXT" };
        var data = new Option<string?>("--data")
        {
            Description = "Many prompts: a JSONL, CSV, TSV or Parquet file with the column prompt (with --chat also messages), a .txt " +
                "file with a prompt a line, or - for standard input. Each gives a JSON object.",
            HelpName = "FILE",
        };
        var columns = new Option<string[]>("--column")
        {
            Description = "With --data: name a column of the file, such as prompt=question; may be given several times.",
            HelpName = "NAME=COLUMN",
        };
        var output = new Option<string?>("--output")
        {
            Description = "With --data: write the objects to this JSONL file; by default to standard output, each as it comes.",
            HelpName = "FILE",
        };
        var sampling = new SamplingOptions(
            new GenerationConfig(), "The seed of the drawing. With --data it is the first prompt's, and each further one has the next.");
        var noCache = new Option<bool>("--no-cache")
        {
            Description = "Compute everything again for every token: slower, and the same text.",
        };
        var chat = new Option<bool>("--chat")
        {
            Description = "The prompt is a user's turn, and the answer the assistant's: by the model's chat template.",
        };
        var system = new Option<string?>("--system") { Description = "With --chat: what the system says first.", HelpName = "TEXT" };
        var template = SharedOptions.ChatTemplate();
        var dtype = SharedOptions.DataType();
        var verb = new Verb(
            "generate",
            "Continue a text. The continuation alone goes to standard output, piece by piece as it comes. Or continue many texts " +
                "(--data), each as if it were alone.",
            "generate --model samples/word-problems/base --prompt \"Mia has 3 pens.\" --max-new-tokens 40",
            "generate --adapter runs/quickstart/reslora/last --prompt \"Mia has 3 pens.\" --temperature 0.8 --seed 7",
            "generate --chat --model my-chat-model --prompt \"What is the capital of France?\"",
            "generate --chat --model my-chat-model --data questions.csv --column prompt=question --output answers.jsonl")
        {
            model, adapter, prompt, data, columns, output, chat, system, template, noCache, dtype,
        };
        sampling.AddTo(verb);
        return verb.Does((line, context) =>
        {
            var (text, file, target) = (line.GetValue(prompt), line.GetValue(data), line.GetValue(output));
            var named = ColumnArguments.Parse(line.GetValue(columns) ?? []);
            RequireOne(text, file, isForMany: target is not null || named.Count > 0, context);
            if (!line.GetValue(chat) && (line.GetValue(system) is not null || line.GetValue(template) is not null))
            {
                throw new ConfigException("--system and --chat-template are for conversations; add --chat.");
            }

            var adapterFolder = HubPlaces.Model(line.GetValue(adapter));
            var folder = BaseModelFolder.Of(line.GetValue(model), adapterFolder);
            context.RequireTorch(meanwhile: () => sampling.WarnOfWishes(line, folder));
            var options = new GenerateOptions
            {
                Model = folder,
                Adapter = adapterFolder,
                Data = file is StandardInput ? null : HubPlaces.Data(file),
                Columns = named,
                Chat = line.GetValue(chat),
                System = line.GetValue(system),
                ChatTemplate = line.GetValue(template),
                Generation = sampling.Of(line) with { UseCache = !line.GetValue(noCache) },
                DataType = line.GetRequiredValue(dtype),
                Ranks = context.Ranks,
            };
            return text is null ? GiveMany(options, target, context) : GiveOne(text, options, context);
        }, isShared: true);
    }

    /// <summary>Refuses what does not go together before anything is loaded.</summary>
    private static void RequireOne(string? text, string? file, bool isForMany, CommandContext context)
    {
        if (text is null && file is null)
        {
            throw new ConfigException("What is to be continued is missing: give a text (--prompt TEXT), or many (--data FILE).");
        }

        if (text is not null && file is not null)
        {
            throw new ConfigException("--prompt is one text and --data are many; give one of the two.");
        }

        if (file is null && isForMany)
        {
            throw new ConfigException(
                "--output and --column are for many texts (--data); what continues one goes to standard output, which > FILE writes.");
        }

        if (text is not null && context.Ranks.Size > 1)
        {
            throw new ConfigException(
                $"--prompt is one text, which one process continues, and {context.Ranks.Size} were started; start it without mpirun, "
                + "or give many texts (--data).");
        }
    }

    private static int GiveMany(GenerateOptions options, string? output, CommandContext context)
    {
        if (output is not null)
        {
            OutputGuard.RequireFile(output, options.Data, options.Model, options.Adapter);
        }

        context.WaitForRanks(_patience);
        var results = new ResultLines<GeneratedLine>(context, output);
        int Run(IProgress<RunEvent>? progress) => GenerateJob.Run(
            options, TextLines.Read(context.Streams.Input, TextLines.StandardInput), results.Add, progress, context.Stop);
        // Lines that stream say themselves how far it is.
        var count = results.Streams ? Run(null) : RunProgress.Show(context, Run);
        var settings = options.Generation;
        results.End("texts", kept => kept is null
            ? new { Prompts = count, Output = output, settings.MaxNewTokens, settings.Temperature, settings.TopP, settings.Seed }
            : new { Prompts = count, Texts = kept, settings.MaxNewTokens, settings.Temperature, settings.TopP, settings.Seed });
        return ExitCode.Done;
    }

    private static int GiveOne(string text, GenerateOptions options, CommandContext context)
    {
        if (options.Chat)
        {
            using var partner = ChatPartner.Open(new ChatOptions
            {
                Model = options.Model,
                Adapter = options.Adapter,
                System = options.System,
                ChatTemplate = options.ChatTemplate,
                Generation = options.Generation,
                DataType = options.DataType,
            });
            return Give(text, partner.Say(text, context.Stop), options.Generation, context);
        }

        var type = ComputeType.Resolve(options.DataType, options.Model);
        using var session = ModelSession.Load(options.Model, options.Adapter, ComputeType.Of(type), ComputeDevice.Current);
        var generator = new TextGenerator(session.Causal, session.Tokenizer);
        return Give(text, generator.Stream(text, options.Generation, context.Stop), options.Generation, context);
    }

    private static int Give(string prompt, IEnumerable<string> pieces, GenerationConfig settings, CommandContext context)
    {
        if (context.IsJson)
        {
            var whole = string.Concat(pieces);
            context.Result(
                new { Prompt = prompt, Text = whole, settings.MaxNewTokens, settings.Temperature, settings.TopP, settings.Seed }, _ => { });
        }
        else
        {
            Stream(pieces, context.Streams.Output);
        }

        return context.Stop.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Done;
    }

    private static void Stream(IEnumerable<string> pieces, TextWriter output)
    {
        foreach (var piece in pieces)
        {
            output.Write(piece);
            output.Flush();
        }

        output.WriteLine();
    }
}
