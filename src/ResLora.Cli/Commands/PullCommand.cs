using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Formats.HuggingFace;
using ResLora.Hub;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora pull</c>.</summary>
internal static class PullCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var repository = new Argument<string>("NAME")
        {
            Description = "org/name, org/name@revision, or one of them with a file or a folder behind it: org/name/model.gguf.",
        };
        var files = new Argument<string[]>("FILE")
        {
            Description = "Files and folders of the repository to take, whatever they are; by default those that are read here.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var data = new Option<bool>("--data") { Description = "The repository is a data set." };
        var verb = new Verb(
            "pull",
            "Download a model, an adapter or a data set from a hub into the cache that Hugging Face's own tools use. hub:org/name in place of "
            + "a path does the same when it is first needed. Ctrl-C leaves a part that the same command goes on from.",
            "pull HuggingFaceTB/SmolLM2-135M",
            "pull Qwen/Qwen2.5-0.5B-Instruct-GGUF qwen2.5-0.5b-instruct-q8_0.gguf",
            "pull openai/gsm8k --data",
            "pull HuggingFaceTB/SmolLM2-135M@main --offline --json")
        {
            repository, files, data,
        };
        return verb.Does((line, context) =>
        {
            var reference = HubReference.Parse(line.GetRequiredValue(repository));
            var kind = line.GetValue(data) ? HubKind.Dataset : HubKind.Model;
            try
            {
                var snapshot = DownloadProgress.Show(context, progress =>
                {
                    using var hub = context.Hub(progress);
                    return hub.Get(kind, reference, line.GetValue(files) ?? []);
                });
                context.Result(PullView.Document(snapshot), terminal => PullView.Draw(snapshot, terminal));
                return ExitCode.Done;
            }
            catch (OperationCanceledException) when (context.Stop.IsCancellationRequested)
            {
                context.Log("What came is kept: the same command goes on from there.");
                throw;
            }
        });
    }
}
