namespace ResLora.Experiments.Pretraining;

/// <summary>The shape of a new Llama, RoBERTa or ViT.</summary>
public sealed record NewModelConfig
{
    /// <summary>Decoder layers. Default 8.</summary>
    public int Layers { get; init; } = 8;

    /// <summary>The width of the residual stream. Default 128.</summary>
    public int Hidden { get; init; } = 128;

    /// <summary>The width inside the MLP. Default 344.</summary>
    public int Intermediate { get; init; } = 344;

    /// <summary>Query heads; the hidden size is a multiple of them. Default 4.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Key and value heads; the query heads are a multiple of them. Llama only. Default: as many.</summary>
    public int? KeyValueHeads { get; init; }

    /// <summary>ViT only: height and width of the pictures in pixels, a multiple of the patches'. Default 64.</summary>
    public int ImageSize { get; init; } = 64;

    /// <summary>ViT only: height and width of a patch in pixels; a picture has (imageSize / patchSize)² of them. Default 8.</summary>
    public int PatchSize { get; init; } = 8;

    /// <summary>Rows of the embedding, at least as many as the tokenizer has tokens. Default: as many.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>The longest text in tokens. Default 512.</summary>
    public int MaxLength { get; init; } = 512;

    /// <summary>Whether the output head is the embedding itself, which saves its size. Default true.</summary>
    public bool TieEmbeddings { get; init; } = true;

    /// <summary>
    /// RoBERTa and ViT: dropout on hidden states and attention weights in training, 0 up to but not including 1. Default 0.1.
    /// </summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Llama only: the base of the rotary frequencies. Default 10000.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>The standard deviation of the initial weights. Default 0.02.</summary>
    public double InitializerRange { get; init; } = 0.02;
}
