using System.CommandLine;
using ResLora.Experiments;
using ResLora.Experiments.Chatting;
using ResLora.Experiments.Places;
using ResLora.Formats.Errors;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training;
using ResLora.Training.Generation;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora generate</c>.</summary>
internal static class GenerateCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var model = SharedOptions.Model();
        var adapter = SharedOptions.Adapter();
        var prompt = new Option<string>("--prompt") { Description = "The text to continue.", HelpName = "TEXT", Required = true };
        var sampling = new SamplingOptions(new GenerationConfig());
        var noCache = new Option<bool>("--no-cache")
        {
            Description = "Compute everything again for every token: slower, and the same text.",
        };
        var chat = new Option<bool>("--chat") { Description = "The prompt is a user's turn, and the answer the assistant's: by the model's chat template." };
        var system = new Option<string?>("--system") { Description = "With --chat: what the system says first.", HelpName = "TEXT" };
        var template = SharedOptions.ChatTemplate();
        var dtype = SharedOptions.DataType();
        var verb = new Verb(
            "generate",
            "Continue a text. The continuation alone goes to standard output, piece by piece as it comes.",
            "generate --model samples/word-problems/base --prompt \"Mia has 3 pens.\" --max-new-tokens 40",
            "generate --adapter runs/quickstart/reslora/last --prompt \"Mia has 3 pens.\" --temperature 0.8 --seed 7",
            "generate --chat --model my-chat-model --prompt \"What is the capital of France?\"")
        {
            model, adapter, prompt, chat, system, template, noCache, dtype,
        };
        sampling.AddTo(verb);
        return verb.Does((line, context) =>
        {
            var adapterFolder = HubPlaces.Model(line.GetValue(adapter));
            var folder = BaseModelFolder.Of(line.GetValue(model), adapterFolder);
            context.RequireTorch(meanwhile: () => sampling.WarnOfWishes(line, folder));
            var settings = sampling.Of(line) with { UseCache = !line.GetValue(noCache) };
            var text = line.GetRequiredValue(prompt);
            if (line.GetValue(chat))
            {
                using var partner = ChatPartner.Open(new ChatOptions
                {
                    Model = folder,
                    Adapter = adapterFolder,
                    System = line.GetValue(system),
                    ChatTemplate = line.GetValue(template),
                    Generation = settings,
                    DataType = line.GetRequiredValue(dtype),
                });
                return Give(text, partner.Say(text, context.Stop), settings, context);
            }

            if (line.GetValue(system) is not null || line.GetValue(template) is not null)
            {
                throw new ConfigException("--system and --chat-template are for conversations; add --chat.");
            }

            using var session = ModelSession.Load(
                folder, adapterFolder, SharedOptions.DataTypeOf(line.GetRequiredValue(dtype)), ComputeDevice.Current);
            return Give(text, new TextGenerator(session.Causal, session.Tokenizer).Stream(text, settings, context.Stop), settings, context);
        });
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
