// Continues a text piece by piece, with an adapter on the model where one is named.
// Run it from the repository's root: dotnet run -c Release --project samples/csharp/Generate -- runs/fine-tune/best
// docs: begin
using ResLora.Training;
using ResLora.Training.Generation;

using var session = ModelSession.Load("samples/word-problems/base", adapterFolder: args.FirstOrDefault());
var generator = new TextGenerator(session.Causal, session.Tokenizer);
const string prompt = "Tom has 12 cakes and eats one. How many are left?";
Console.Write(prompt);
foreach (var piece in generator.Stream(prompt, new GenerationConfig { MaxNewTokens = 32 }))
{
    Console.Write(piece);
}

// docs: end
Console.WriteLine();
