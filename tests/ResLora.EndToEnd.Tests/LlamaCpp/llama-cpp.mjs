// Drives llama.cpp through node-llama-cpp: reads one request as JSON from standard input, writes one answer as JSON.
// Request: { model, adapter?, texts: [...], prompts: [...], maxTokens }. Answer: { ids: [[...]], continuations: [{ ids: [...], text }] }.
import {getLlama, LlamaCompletion} from "node-llama-cpp";

let input = "";
for await (const chunk of process.stdin) {
    input += chunk;
}

const request = JSON.parse(input);
const llama = await getLlama({gpu: false, build: "never", progressLogs: false, logLevel: "error"});
const model = await llama.loadModel({modelPath: request.model, gpuLayers: 0});

// Special tokens that stand in a text are found, as our tokenizer finds them; the begin token is not added here.
const ids = request.texts.map((text) => model.tokenize(text, true).map(Number));

const continuations = [];
for (const prompt of request.prompts) {
    const context = await model.createContext({
        contextSize: 256,
        threads: 1,
        // Earlier keys and values in float32, as ours are: by default llama.cpp rounds them to float16, and random models amplify that.
        flashAttention: false,
        experimentalKvCacheKeyType: "F32",
        experimentalKvCacheValueType: "F32",
        ...(request.adapter == null ? {} : {lora: {adapters: [{filePath: request.adapter, scale: 1}]}})
    });
    const completion = new LlamaCompletion({contextSequence: context.getSequence()});
    const made = [];
    const text = await completion.generateCompletion(prompt, {
        maxTokens: request.maxTokens,
        temperature: 0,
        disableContextShift: true,
        onToken: (tokens) => made.push(...tokens.map(Number))
    });
    continuations.push({ids: made, text});
    completion.dispose();
    await context.dispose();
}

process.stdout.write(JSON.stringify({ids, continuations}));
await model.dispose();
await llama.dispose();
