namespace ResLora.Training.Evaluation;

/// <summary>How well a model predicts given texts.</summary>
/// <param name="Loss">The mean loss over all trained tokens, in nats.</param>
/// <param name="Tokens">How many tokens were predicted.</param>
public sealed record EvaluationLoss(double Loss, long Tokens)
{
    /// <summary>e^loss: among how many equally likely tokens the model hesitates.</summary>
    public double Perplexity => Math.Exp(Loss);
}
