using System.CommandLine;
using ResLora.Cli.Chatting;
using ResLora.Experiments;
using ResLora.Experiments.Chatting;
using ResLora.Experiments.Places;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora chat</c>.</summary>
internal static class ChatCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var defaults = new ChatOptions { Model = "" }.Generation;
        var model = SharedOptions.Model();
        var adapter = SharedOptions.Adapter();
        var system = new Option<string?>("--system") { Description = "What the system says first.", HelpName = "TEXT" };
        var template = SharedOptions.ChatTemplate();
        var sampling = new SamplingOptions(defaults);
        var dtype = SharedOptions.DataType();
        var verb = new Verb(
            "chat",
            "Hold a conversation with a model that has a chat template. Answers come as they are made; /help lists commands. In a pipe every line is a turn.",
            "chat --model SmolLM2-135M-Instruct.Q4_1.gguf",
            "chat --adapter runs/my/best --system \"Answer in one sentence.\"",
            "chat --model my-model --json < questions.txt")
        {
            model, adapter, system, template, dtype,
        };
        sampling.AddTo(verb);
        return verb.Does((line, context) =>
        {
            var adapterFolder = HubPlaces.Model(line.GetValue(adapter));
            var options = new ChatOptions
            {
                Model = BaseModelFolder.Of(line.GetValue(model), adapterFolder),
                Adapter = adapterFolder,
                System = line.GetValue(system),
                ChatTemplate = line.GetValue(template),
                Generation = sampling.Of(line),
                DataType = line.GetRequiredValue(dtype),
            };
            context.RequireTorch(meanwhile: () => sampling.WarnOfWishes(line, options.Model));
            using var partner = ChatPartner.Open(options);
            using var input = ChatInput.Of(context.Streams.Input);
            if (context.Streams.AsksForInput)
            {
                context.Log($"{options.Model}{(options.Adapter is { } tuned ? $" with {tuned}" : "")}, {partner.TemplateName}. /help lists commands, /exit ends.");
            }

            var loop = new ChatLoop(partner, input, context);
            loop.Run();
            if (context.IsJson)
            {
                context.Result(new { loop.Turns }, _ => { });
            }

            return context.Stop.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Done;
        });
    }
}
