using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Verification;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora verify</c>.</summary>
internal static class VerifyCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var folders =
            new Argument<string[]>("DIR") { Description = "Case folders, or folders of case folders.", Arity = ArgumentArity.OneOrMore };
        var strict = new Option<bool>("--strict") { Description = "Count a case that is not supported as failed." };
        var verb = new Verb(
            "verify",
            "Run conformance cases: compare what this installation computes with expected numbers.",
            "verify tests/Fixtures/reference/llama_input",
            "verify tests/Fixtures/reference --strict --json")
        {
            folders,
            strict,
        };
        return verb.Does((line, context) =>
        {
            context.RequireTorch();
            var report = Verifier.Run(line.GetRequiredValue(folders), found =>
            {
                if (!context.IsJson)
                {
                    VerificationView.DrawCase(found, context.Streams.Terminal);
                }
            });
            var passed = report.Passed(line.GetValue(strict));
            context.Result(VerificationView.Document(report, passed), terminal => VerificationView.DrawSummary(report, terminal));
            return passed ? ExitCode.Done : ExitCode.Failed;
        });
    }
}
